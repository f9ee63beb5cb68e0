/*
 * Device registers: one access of exactly the stated width, in program order with the other
 * accesses to devices. `base` is a mapped address; `offset` is in bytes and a multiple of the
 * width.
 *
 * Order against normal memory is the caller's: axcpu_barrier_device() of <axcpu/barrier.h>.
 */
#pragma once

#include <stdint.h>

static inline uint8_t axcpu_mmio_read8(const volatile void *base, uint64_t offset)
{
    return *((const volatile uint8_t *)base + offset);
}

static inline void axcpu_mmio_write8(volatile void *base, uint64_t offset, uint8_t value)
{
    *((volatile uint8_t *)base + offset) = value;
}

static inline uint16_t axcpu_mmio_read16(const volatile void *base, uint64_t offset)
{
    return *((const volatile uint16_t *)base + offset / sizeof(uint16_t));
}

static inline void axcpu_mmio_write16(volatile void *base, uint64_t offset, uint16_t value)
{
    *((volatile uint16_t *)base + offset / sizeof(uint16_t)) = value;
}

static inline uint32_t axcpu_mmio_read32(const volatile void *base, uint64_t offset)
{
    return *((const volatile uint32_t *)base + offset / sizeof(uint32_t));
}

static inline void axcpu_mmio_write32(volatile void *base, uint64_t offset, uint32_t value)
{
    *((volatile uint32_t *)base + offset / sizeof(uint32_t)) = value;
}

/* For a register of 64 bits that must be written at once. */
static inline void axcpu_mmio_write64(volatile void *base, uint64_t offset, uint64_t value)
{
    *((volatile uint64_t *)base + offset / sizeof(uint64_t)) = value;
}
