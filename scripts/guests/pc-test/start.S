# Boot sector and what C cannot say: BIOS calls, interrupt handlers, changes of the processor's mode.
# The whole program lies in the first 64 KB with all segment registers zero.

  .code16
  .section .boot, "ax"
  .globl start
start:
  ljmp $0, $1f
1:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7c00, %sp
  sti
  cld
  movb %dl, bootDrive

  movw $1, %si            # sector, counted from 0
  movw $0x7e00, %bx
load:
  movw %si, %ax
  movb $18, %cl
  divb %cl                # al = track, ah = sector
  movb %ah, %cl
  incb %cl
  movb %al, %ch
  shrb $1, %ch            # cylinder
  movb %al, %dh
  andb $1, %dh            # head
  movb bootDrive, %dl
  movw $0x0201, %ax
  int $0x13
  jc load
  addw $512, %bx
  incw %si
  cmpw $sectors, %si      # from the linker
  jb load
  calll main
stop:
  hlt
  jmp stop
  .globl bootDrive
bootDrive:
  .byte 0
  .org 510
  .word 0xaa55

  .text
# void biosCall(struct Registers *): eax ebx ecx edx esi edi es flags number
  .globl biosCall
biosCall:
  pushal
  movzwl %sp, %ebp
  movl 36(%ebp), %ebp
  movb 32(%ebp), %al
  movb %al, number
  movw 24(%ebp), %es
  movl 0(%ebp), %eax
  movl 4(%ebp), %ebx
  movl 8(%ebp), %ecx
  movl 12(%ebp), %edx
  movl 16(%ebp), %esi
  movl 20(%ebp), %edi
  pushl %ebp
  jmp 1f
1:
  .byte 0xcd              # INT
number:
  .byte 0
  popl %ebp
  pushfl
  popl 28(%ebp)
  movl %eax, 0(%ebp)
  movl %ebx, 4(%ebp)
  movl %ecx, 8(%ebp)
  movl %edx, 12(%ebp)
  movl %esi, 16(%ebp)
  movl %edi, 20(%ebp)
  movw %es, 24(%ebp)
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  cld
  popal
  retl

# ---- interrupts ----

  .globl rtcHandler
rtcHandler:
  pushw %ax
  incl %cs:interrupts
  movb $0x0c, %al
  outb %al, $0x70
  inb $0x71, %al          # status C: without reading it there is no next interrupt
  movb $0x20, %al
  outb %al, $0xa0
  outb %al, $0x20
  popw %ax
  iretw

  .globl serialHandler
serialHandler:
  pushw %ax
  pushw %dx
  incl %cs:interrupts
  movw $0x3fa, %dx
  inb %dx, %al            # identifies and so ends "transmitter empty"
  movb $0x20, %al
  outb %al, $0x20
  popw %dx
  popw %ax
  iretw

  .globl coprocessorHandler
coprocessorHandler:
  pushw %ax
  incl %cs:interrupts
  xorb %al, %al
  outb %al, $0xf0         # IGNNE#
  fninit
  movb $0x20, %al
  outb %al, $0xa0
  outb %al, $0x20
  popw %ax
  iretw

# Called far by the BIOS with status, x, y, 0 on the stack.
  .globl mouseHandler
mouseHandler:
  pushw %bp
  pushw %ax
  movw %sp, %bp
  incl %cs:mouseReports
  movw 14(%bp), %ax       # status
  movw %ax, %cs:mouseStatus
  movw 12(%bp), %ax       # x
  cbtw
  addw %ax, %cs:mouseX
  movw 10(%bp), %ax       # y
  cbtw
  addw %ax, %cs:mouseY
  popw %ax
  popw %bp
  lretw

# ---- modes ----

# FS gets a limit of 4 GB, which stays in real mode.
  .globl unreal
unreal:
  pushfl
  pushl %eax
  cli
  lgdt bigTable
  movl %cr0, %eax
  orb $1, %al
  movl %eax, %cr0
  jmp 1f
1:
  movw $0x08, %ax
  movw %ax, %fs
  movl %cr0, %eax
  andb $0xfe, %al
  movl %eax, %cr0
  jmp 1f
1:
  xorw %ax, %ax
  movw %ax, %fs
  popl %eax
  popfl
  retl

# 16-bit protected mode as on a 286: segments of 24-bit bases and 64 KB, a 16-bit interrupt gate. Returns a sum of what held.
  .globl protected286
protected286:
  pushfl
  pushl %ebx
  cli
  xorl %ebx, %ebx
  lgdt smallTable
  lidt gateTable
  smsw %ax
  orw $1, %ax
  lmsw %ax
  ljmp $0x08, $1f
1:
  movw $0x10, %ax
  movw %ax, %ds
  movw %ax, %ss
  movw $0x18, %ax         # base 10000h
  movw %ax, %es
  movw $0x1234, %es:0x0010
  int $0x02               # its gate adds 1 to BX
  larw %ax, %cx           # access rights of the data segment at 10000h
  jnz 2f
  cmpw $0x9300, %cx
  jne 2f
  addw $2, %bx
2:
  lslw %ax, %cx
  jnz 3f
  cmpw $0xffff, %cx
  jne 3f
  addw $4, %bx
3:
  movw $0x40, %ax         # beyond the table
  verr %ax
  jz 4f
  addw $8, %bx
4:
  movl %cr0, %eax         # a 286 would need a reset here
  andb $0xfe, %al
  movl %eax, %cr0
  ljmp $0, $5f
5:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %ss
  movw %ax, %es
  lidt realTable
  movl %ebx, %eax
  popl %ebx
  popfl
  retl
gateHandler:
  incw %bx
  iretw

# A reset of the processor alone; the BIOS goes on at 40:67, by the shutdown code 0Ah. Returns 1 when it did.
  .globl resetProcessor
resetProcessor:
  pushfl
  pushal
  cli
  movb $0x8f, %al
  outb %al, $0x70
  movb $0x0a, %al
  outb %al, $0x71
  movw $comeBack, 0x467
  movw $0, 0x469
  movw %sp, savedStack
  movb $0xfe, %al
  outb %al, $0x64
1:
  hlt
  jmp 1b
comeBack:
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw savedStack, %sp
  movb $0x0d, %al
  outb %al, $0x70
  cld
  popal
  popfl
  movl $1, %eax
  retl

  .data
  .balign 8
bigTable:                 # a table's first entry is free
  .word 15
  .long bigTable
  .word 0
  .quad 0x00cf93000000ffff
smallTable:
  .word 31
  .long smallTable
  .word 0
  .quad 0x00009b000000ffff
  .quad 0x000093000000ffff
  .quad 0x000093010000ffff
gates:
  .quad 0
  .quad 0
  .word gateHandler, 0x08, 0x8600, 0
gateTable:
  .word 23
  .long gates
realTable:
  .word 0x3ff
  .long 0
savedStack:
  .word 0
  .globl interrupts, mouseReports, mouseStatus, mouseX, mouseY
interrupts:
  .long 0
mouseReports:
  .long 0
mouseStatus:
  .word 0
mouseX:
  .word 0
mouseY:
  .word 0

  .section .note.GNU-stack, "", @progbits
