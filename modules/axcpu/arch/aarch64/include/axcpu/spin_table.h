/*
 * CPUs that wait by a spin table: each polls a word of its own in memory, its release address, with
 * the MMU off, and jumps to what is written there (Devicetree Specification v0.4, 3.8.1; Linux
 * Documentation/arm64/booting.rst). Nothing is handed over, so the CPU finds by its affinity what
 * is meant for it. aarch64 only.
 */
#pragma once

#include <axcpu/config.h>
#include <stdint.h>

/* A CPU that was let go. Both are written, the id first, before its release address is. */
struct axcpu_spin_cpu {
    uint64_t hardware_id; /* affinity fields of MPIDR_EL1 */
    uint64_t block;       /* physical address of its block of axcpu_percpus[]; 0: the row is free */
};

/* Rows are taken from the first on, and never freed. */
extern struct axcpu_spin_cpu axcpu_spin_cpus[CONFIG_AXCPU_CPUS_MAX];

/*
 * Let the CPU go that polls `release`, in mapped memory: `second_entry`, the physical address of
 * axcpu_second_entry(), is where it comes to in the end. One that axcpu_spin_cpus does not list
 * stops for ever. What is written there by now is seen by it, caches off. Any context.
 */
void axcpu_spin_table_release(volatile uint64_t *release, uint64_t second_entry);
