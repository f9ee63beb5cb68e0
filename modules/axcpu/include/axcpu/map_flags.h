/*
 * What a mapping allows and how it is cached, the same words on every ISA.
 *
 * Without AXCPU_MAP_DEVICE or AXCPU_MAP_UNCACHED memory is normal and write-back cached. Write
 * implies read, since riscv64 reserves the encoding without it (Privileged 4.3.1).
 */
#pragma once

enum axcpu_map_flags {
    AXCPU_MAP_READ = 1 << 0,
    AXCPU_MAP_WRITE = 1 << 1,
    AXCPU_MAP_EXECUTE = 1 << 2,
    AXCPU_MAP_USER = 1 << 3,
    AXCPU_MAP_DEVICE = 1 << 4,   /* strongly ordered registers; never with UNCACHED */
    AXCPU_MAP_UNCACHED = 1 << 5, /* normal memory that no cache holds */
    AXCPU_MAP_GLOBAL = 1 << 6,   /* the same in every address space */
    AXCPU_MAP_ALL = (1 << 7) - 1,
};
