// The first instructions: the arguments lie on the stack.

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

  .section .note.GNU-stack, "", @progbits
