// The daemon's first instructions: the arguments lie on the stack.

  .globl _start
_start:
  xorl %ebp, %ebp
  movl (%esp), %eax       // argc
  leal 4(%esp), %edx      // argv
  andl $-16, %esp
  subl $8, %esp
  pushl %edx
  pushl %eax
  call run
  movl %eax, %ebx
  movl $1, %eax           // exit
  int $0x80

  // mmap2 has six arguments, and the sixth is in the frame pointer.
  .globl mapMemory
mapMemory:
  pushl %ebx
  pushl %esi
  pushl %edi
  pushl %ebp
  movl 20(%esp), %ecx     // bytes
  xorl %ebx, %ebx
  movl $3, %edx           // read, write
  movl $0x8022, %esi      // private, anonymous, populated
  movl $-1, %edi
  xorl %ebp, %ebp
  movl $192, %eax         // mmap2
  int $0x80
  popl %ebp
  popl %edi
  popl %esi
  popl %ebx
  ret

  .section .note.GNU-stack, "", @progbits
