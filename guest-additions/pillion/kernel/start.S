# Multiboot header, the first stack, and the entries of all interrupts.

        .set MAGIC, 0x1badb002
        .set FLAGS, 7                   # page alignment, memory map, video mode

        .section .multiboot, "a"
        .align 4
        .long MAGIC, FLAGS, -(MAGIC + FLAGS)
        .long 0, 0, 0, 0, 0             # addresses: the ELF headers tell them
        .long 0, 1024, 768, 32          # a linear framebuffer of this size

        .text
        .globl start, loadTables, interruptEntries
start:
        cli
        cld
        mov $stackTop, %esp
        xor %ebp, %ebp
        push %ebx
        push %eax
        call kernelMain
1:      cli
        hlt
        jmp 1b

# void loadTables(void *gdtr, void *idtr): flat segments 8 and 16.
loadTables:
        mov 4(%esp), %eax
        lgdt (%eax)
        mov 8(%esp), %eax
        lidt (%eax)
        ljmp $8, $1f
1:      mov $16, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov %eax, %fs
        mov %eax, %gs
        ret

# void switchStack(u32 *keep, u32 to): what a function must keep lies on the stack that is left.
        .globl switchStack
switchStack:
        mov 4(%esp), %eax
        mov 8(%esp), %edx
        push %ebp
        push %ebx
        push %esi
        push %edi
        mov %esp, (%eax)
        mov %edx, %esp
        pop %edi
        pop %esi
        pop %ebx
        pop %ebp
        ret

# 48 entries of 16 bytes: exceptions 0 to 31, then IRQ 0 to 15. All leave the same frame.
        .align 16
interruptEntries:
        .set vector, 0
        .rept 48
        .align 16
        .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17)
        .else
        push $0
        .endif
        push $vector
        jmp common
        .set vector, vector + 1
        .endr

common:
        pushal
        cld
        push %esp
        call interrupt
        add $4, %esp
        popal
        add $8, %esp
        iret

        .bss
        .align 16
        .skip 65536
stackTop:
