# Multiboot header, stack, and the entries of the two exceptions and the trap that the workloads use.

        .set MAGIC, 0x1badb002
        .set FLAGS, 3

        .section .multiboot, "a"
        .long MAGIC, FLAGS, -(MAGIC + FLAGS)

        .text
        .globl _start, loadTables, trapEntry, pageFaultEntry, callTrap
_start:
        cli
        cld
        mov $stackTop, %esp
        call guestMain
1:      hlt
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

# A system call: saves registers as a kernel does.
trapEntry:
        pushal
        push %ds
        push %es
        mov $16, %ecx
        mov %ecx, %ds
        mov %ecx, %es
        incl trapCount
        pop %es
        pop %ds
        popal
        iret

callTrap:
        mov 4(%esp), %eax
        int $0x80
        ret

pageFaultEntry:
        pushal
        mov %cr2, %eax
        push %eax
        call pageFault
        add $4, %esp
        popal
        add $4, %esp
        iret

        .bss
        .align 16
        .skip 65536
stackTop:
