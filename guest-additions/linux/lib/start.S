// A program's first instructions: count and addresses of the arguments lie on the stack, the environment behind them.

  .globl _start
_start:
  xorl %ebp, %ebp
  movl (%esp), %eax       // argc
  leal 4(%esp), %edx      // argv
  leal 8(%esp,%eax,4), %ecx
  movl %ecx, environment
  andl $-16, %esp
  subl $8, %esp
  pushl %edx
  pushl %eax
  call run
  movl %eax, %ebx
  movl $1, %eax           // exit
  int $0x80

  .bss
  .globl environment
  .align 4
environment:
  .long 0

  .section .note.GNU-stack, "", @progbits
