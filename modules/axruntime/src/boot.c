/*
 * The boot order, on one page: from axcpu's boot.S, which put the image into its window, to the
 * app and to the end of the run. Each step is named by what holds after it.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axalloc/guard_port.h>
#include <axalloc/leaks.h>
#include <axbase/stack_protector.h>
#include <axbase/string.h>
#include <axcpu/boot.h>
#include <axcpu/image.h>
#include <axcpu/image_window.h>
#include <axcpu/irq.h>
#include <axcpu/layout.h>
#include <axcpu/mmu.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axcpu/try.h>
#include <axhal/cache.h>
#include <axhal/cpus.h>
#include <axhal/irq.h>
#include <axhal/mem.h>
#include <axhal/platform.h>
#include <axhal/power.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <axlog/log.h>
#include <axmm/check.h>
#include <axmm/config.h>
#include <axmm/kernel_space.h>
#include <axruntime/app.h>

#define FOUR_GIB (UINT64_C(1) << 32)

static struct axhal_machine machine;

/* The one way out of a boot that cannot go on: one line that says why. */
AX_COLD AX_NORETURN static void cannot_boot(const char *reason)
{
    axlog_print("axle: cannot boot: %s\n", reason);
    axhal_power_off(AXHAL_STATUS_CANNOT_BOOT);
}

static struct ax_prange physical_range(const char *start, const char *end, struct ax_paddr image)
{
    return ax_prange(image.raw + (uint64_t)(start - axcpu_text_start), (uint64_t)(end - start));
}

/* The tree is whole in memory and mapped to be read; NULL if the first word of it faults. */
static const void *map_tree(struct ax_paddr tree)
{
    uint32_t magic;
    const void *blob =
        axcpu_early_map(AXCPU_EARLY_TREE_SLOT, AXCPU_EARLY_TREE_SLOTS, tree, AXCPU_MAP_READ);
    return ax_is_aligned(tree.raw, sizeof magic) && axcpu_try_read32(blob, &magic) ? blob : NULL;
}

/*
 * The machine is known, or the run ends with the tree's fault. Out of line: inlined into
 * axcpu_port_boot() it would have no canary.
 */
AX_NOINLINE static void read_machine(struct ax_paddr tree, struct ax_paddr image)
{
    const struct axhal_image parts = {
        .text = physical_range(axcpu_text_start, axcpu_text_end, image),
        .rodata = physical_range(axcpu_rodata_start, axcpu_rodata_end, image),
        .data = physical_range(axcpu_data_start, axcpu_image_end, image),
        .firmware = axplat_firmware,
        .ram_end = AXCPU_LINEAR_SIZE,
    };
    struct axhal_boot_fault fault;
    AX_KEEP(axplat_drivers);
    enum ax_err err = axhal_machine_read(&machine, map_tree(tree), AXHAL_FDT_BYTES_MAX, tree,
                                         &parts, ax_drivers, &fault);
    if (err != AX_OK)
        cannot_boot(fault.reason);
    axhal_memory_use(&machine.memory);
    axhal_cache_use_tree(&machine.tree);
}

/* Time runs; the log shows it. */
static void start_time(void)
{
    uint64_t hz = axcpu_counter_hz() != 0 ? axcpu_counter_hz() : machine.timebase_hz;
    if (axhal_time_init(hz) != AX_OK)
        cannot_boot("neither the CPU nor the device tree says how fast its counter runs");
    axhal_timer_use_isa(machine.cpu_count > 0 ? machine.cpus[0].isa : NULL);
}

/* The final kernel table is in use and the console is the tree's. */
static void start_address_space(void)
{
    volatile void *registers;
    enum ax_err err = AX_OK;
    if (axplat_last_resort_registers.size_bytes != 0)
        err = axhal_claim_device(axplat_last_resort_registers, &registers);
    if (err == AX_OK)
        err = axmm_init(&machine.memory, machine.tree_range);
    if (err == AX_ENOMEM)
        cannot_boot("not enough free RAM for the page tables");
    if (err != AX_OK)
        cannot_boot("the devices and the RAM of the tree cannot all be mapped");
    axplat_init_mapped(machine.console);
}

/* The RAM that the tree promises is there: the ends of every free range can be read. */
static void check_ram(void)
{
    const struct axhal_memory_map *map = &machine.memory;
    for (unsigned i = 0; i < map->entry_count; i++) {
        struct ax_prange range = map->entries[i].range;
        const uint32_t *first = ax_vaddr_ptr(axhal_phys_to_virt(range.start));
        const uint32_t *end = first + range.size_bytes / sizeof *first;
        uint32_t anything;
        if (map->entries[i].kind == AXHAL_MEMORY_FREE &&
            !(axcpu_try_read32(first, &anything) && axcpu_try_read32(end - 1, &anything)))
            cannot_boot("the device tree names RAM that does not answer");
    }
}

/* Of a range on both sides of 4 GiB, the smaller part; else nothing. */
static struct ax_prange smaller_part(struct ax_prange range)
{
    uint64_t below = FOUR_GIB - range.start.raw;
    if (range.start.raw >= FOUR_GIB || below >= range.size_bytes)
        return ax_prange(0, 0);
    return below < range.size_bytes - below ? ax_prange(range.start.raw, below)
                                            : ax_prange(FOUR_GIB, range.size_bytes - below);
}

/* What is left of a range without a part at one end of it. */
static struct ax_prange rest_of(struct ax_prange range, struct ax_prange part)
{
    uint64_t skipped = part.start.raw == range.start.raw ? part.size_bytes : 0;
    return ax_prange(range.start.raw + skipped, range.size_bytes - part.size_bytes);
}

static void add_free(struct ax_prange range)
{
    if (range.size_bytes > 0 &&
        axalloc_global_add_pages(axhal_phys_to_virt(range.start), range.size_bytes) != AX_OK)
        axlog_debug("%llu free bytes at 0x%llx are too few to manage",
                    (unsigned long long)range.size_bytes, (unsigned long long)range.start.raw);
}

/*
 * Every free page is axalloc's: the largest range first, since it has to hold the first heap. What
 * lies below 4 GiB is a region of its own, spared for devices that reach no further.
 */
static void start_allocator(void)
{
    const struct axhal_memory_map *map = &machine.memory;
    unsigned largest = map->entry_count;
    for (unsigned i = 0; i < map->entry_count; i++)
        if (map->entries[i].kind == AXHAL_MEMORY_FREE &&
            (largest == map->entry_count ||
             map->entries[i].range.size_bytes > map->entries[largest].range.size_bytes))
            largest = i;
    if (largest == map->entry_count)
        cannot_boot("no RAM is free");
    struct ax_prange part = smaller_part(map->entries[largest].range);
    struct ax_prange first = rest_of(map->entries[largest].range, part);
    if (axalloc_global_init(axhal_phys_to_virt(first.start), first.size_bytes) != AX_OK)
        cannot_boot("the free RAM is too small for a heap");
    add_free(part);
    for (unsigned i = 0; i < map->entry_count; i++) {
        if (map->entries[i].kind != AXHAL_MEMORY_FREE || i == largest)
            continue;
        part = smaller_part(map->entries[i].range);
        add_free(part);
        add_free(rest_of(map->entries[i].range, part));
    }
    axalloc_keep_low(axalloc_global(), axhal_phys_to_virt(ax_paddr(FOUR_GIB)));
}

/* What the image has besides: see <axhal/cpus.h>. */
static void take_further_steps(void)
{
    for (const struct axhal_boot_step *step = ax_boot_steps; step->take != NULL; step++)
        step->take(&machine);
}

/* The rules of the address space hold. */
static void check_address_space(void)
{
    const char *wrong = axmm_check();
    if (wrong != NULL)
        cannot_boot(wrong);
}

AX_NORETURN static void run_app(void)
{
    struct arguments arguments;
    arguments_parse(machine.bootargs, &arguments);
    banner_print(&machine);
    axcpu_irq_enable();
    if (CONFIG_AXALLOC_LEAKS)
        axalloc_leaks_begin(axalloc_global());
    int status = main(arguments.argc, arguments.argv);
    if (CONFIG_AXALLOC_LEAKS)
        axalloc_leaks_report(axalloc_global(), &ax_console_sink);
    axruntime_exit(status);
}

/* The canary from a word of randomness; its lowest byte is 0 (<axbase/stack_protector.h>). */
static AX_ALWAYS_INLINE void set_canary(uint64_t random)
{
    __stack_chk_guard = random << 8;
}

/*
 * The tree's randomness for the canary; else the counter's low bits, which an attacker who knows
 * when the machine started can guess. Never 0.
 */
AX_NOINLINE static uint64_t random_word(void)
{
    uint64_t seed = 0;
    if (machine.rng_seed_bytes >= sizeof seed)
        memcpy(&seed, machine.rng_seed, sizeof seed);
    else
        axlog_debug("the tree has no rng-seed: the stack canary comes from the counter");
    return seed ^ machine.kaslr_seed ^ axcpu_counter() * UINT64_C(0x9e3779b97f4a7c15);
}

/* The next word of the same randomness, for the guard of the heap; else the counter again. */
uint64_t axalloc_port_secret(void)
{
    uint64_t words[2] = {0, 0};
    if (machine.rng_seed_bytes >= sizeof words)
        memcpy(words, machine.rng_seed, sizeof words);
    return words[1] ^ axcpu_counter() * UINT64_C(0xd6e8feb86659fd93);
}

/* What comes once the machine is known and the canary is set, in order. */
AX_NORETURN AX_NOINLINE static void start(void)
{
    start_time();
    start_address_space();
    check_ram();
    start_allocator();
    axhal_irq_start();
    take_further_steps();
    if (CONFIG_AXMM_SELF_CHECK)
        check_address_space();
    run_app();
}

/*
 * Sets the canary twice: first from the counter, so that the code that reads the untrusted tree
 * is protected already, then from what the tree offers. No protected function is active at either
 * moment: this one never returns and carries no check, so what it calls must not be inlined.
 */
AX_NO_STACK_PROTECTOR void axcpu_port_boot(uint64_t hardware_id, struct ax_paddr tree,
                                           struct ax_paddr image)
{
    (void)hardware_id;
    set_canary(axcpu_counter() * UINT64_C(0x9e3779b97f4a7c15));
    axhal_mem_init(image);
    axplat_init_early();
    read_machine(tree, image);
    set_canary(random_word());
    start();
}

/* The linear map has it: the memory map keeps all of it out of the allocator. */
void *axruntime_initrd(size_t *size_bytes)
{
    *size_bytes = machine.initrd.size_bytes;
    return *size_bytes == 0 ? NULL : ax_vaddr_ptr(axhal_phys_to_virt(machine.initrd.start));
}

/* A failure stays one, whatever its low byte is. */
void axruntime_exit(int status)
{
    enum { STATUS_MAX = 255 };
    axhal_power_off(status >= 0 && status <= STATUS_MAX ? status : STATUS_MAX);
}
