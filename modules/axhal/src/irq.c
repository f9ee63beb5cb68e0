/*
 * From an interrupt to its handlers, through a short table of them.
 *
 * The table is read by every CPU without a lock, in interrupts, and changed under one. A row is in
 * use while its `handle` is not NULL. To take one out, `handle` is cleared, and then waited until
 * no CPU is `running` it; since a CPU counts itself there before it reads `handle`, either it finds
 * NULL or it is waited for.
 *
 * No line can stop the machine by itself. One that no handler is registered for was let through by
 * somebody else: it is masked at once. One whose handlers say that it is not theirs, too often in
 * a row, is masked likewise. Both are named. What the controller takes back before it is claimed
 * is spurious: counted, and named the first time.
 *
 * Cost: some 5 instructions a row up to the last that was ever used, besides the controller's.
 */
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axhal/irq.h>
#include <axhal/platform.h>
#include <axlog/log.h>
#include <axsync/spinlock.h>
#include <stdatomic.h>
#include <stddef.h>

#include "trap_internal.h"

typedef bool irq_handler(void *argument);

struct row {
    _Atomic unsigned irq;
    _Atomic(irq_handler *) handle;
    void *argument;           /* written before `handle` */
    _Atomic unsigned running; /* CPUs that may be in the handler */
    _Atomic unsigned ignored; /* how often in a row the line was nobody's; of its first row */
};

static const struct axhal_irq_chip *current;
static uint32_t current_phandle;

static struct axsync_spinlock lock =
    AXSYNC_SPINLOCK_INIT(9, "interrupts"); /* who changes the table */
static struct row rows[AXHAL_IRQ_HANDLERS_MAX];
static _Atomic unsigned row_count; /* rows that were ever used */

static struct {
    _Atomic uint64_t handled, unhandled, spurious, masked;
} counts;

/* relaxed: a count is not about other memory */
static inline void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* relaxed: tells which row to look at; what is done with it is ordered by `handle` */
static inline bool is_of(const struct row *row, unsigned irq)
{
    return atomic_load_explicit(&row->irq, memory_order_relaxed) == irq;
}

static inline irq_handler *handler_of(struct row *row)
{
    /* sequentially consistent: after `running`, before axhal_irq_unregister() looks at that */
    return atomic_load_explicit(&row->handle, memory_order_seq_cst);
}

static inline struct row *rows_end(void)
{
    /* acquire: pairs with the release in add_row() */
    return rows + atomic_load_explicit(&row_count, memory_order_acquire);
}

void axhal_irq_use(const struct axhal_irq_chip *chip, uint32_t phandle)
{
    current = chip;
    current_phandle = phandle;
    axhal_trap_use(AXCPU_TRAP_IRQ, axhal_irq_dispatch);
}

void axhal_irq_start(void)
{
    if (current == NULL)
        return;
    enum ax_err err = current->start();
    if (err == AX_OK)
        err = axhal_irq_start_cpu();
    if (err == AX_OK)
        return;
    axlog_warn("no interrupt controller answers where the tree says: there are no interrupts");
    current = NULL;
}

enum ax_err axhal_irq_start_cpu(void)
{
    if (current == NULL)
        return AX_OK;
    enum ax_err err = current->start_cpu();
    if (err != AX_OK)
        return err;
    axcpu_irq_allow_external();
    for (struct row *row = rows; row < rows_end() && err == AX_OK; row++)
        if (handler_of(row) != NULL && row->irq < current->private_end)
            err = current->enable(row->irq);
    return err;
}

enum ax_err axhal_irq_number(const struct axhal_interrupt *interrupt, unsigned *irq)
{
    AX_KEEP(axplat_irq_drivers);
    if (current == NULL || interrupt->controller != current_phandle)
        return AX_ENODEV;
    return current->translate(interrupt, irq);
}

void axhal_irq_send(unsigned cpu)
{
    AX_KEEP(axplat_irq_drivers);
    if (current != NULL && current->send != NULL)
        current->send(cpu);
}

/* The first row of the line that is in use; NULL: nobody is registered for it. */
static struct row *find_line(unsigned irq)
{
    for (struct row *row = rows; row < rows_end(); row++)
        if (is_of(row, irq) && handler_of(row) != NULL)
            return row;
    return NULL;
}

static struct row *find_row(unsigned irq, irq_handler *handle, const void *argument)
{
    for (struct row *row = rows; row < rows_end(); row++)
        if (is_of(row, irq) && handler_of(row) == handle && row->argument == argument)
            return row;
    return NULL;
}

static bool is_running(struct row *row)
{
    /* sequentially consistent: after `handle` was cleared; see run_row() */
    return atomic_load_explicit(&row->running, memory_order_seq_cst) != 0;
}

static struct row *find_free_row(void)
{
    struct row *row = rows;
    while (row < rows_end() && (handler_of(row) != NULL || is_running(row)))
        row++;
    return row < rows + AXHAL_IRQ_HANDLERS_MAX ? row : NULL;
}

static void add_row(struct row *row, unsigned irq, irq_handler *handle, void *argument)
{
    row->argument = argument;
    atomic_store_explicit(&row->ignored, 0, memory_order_relaxed); /* relaxed: a count */
    atomic_store_explicit(&row->irq, irq, memory_order_relaxed);   /* relaxed: see is_of() */
    atomic_store_explicit(&row->handle, handle, memory_order_seq_cst);
    if (row == rows_end())
        /* release: the row is whole before a CPU looks at it (rows_end()) */
        atomic_fetch_add_explicit(&row_count, 1, memory_order_release);
}

static bool is_ipi(unsigned irq)
{
    return current->send != NULL && irq < AXHAL_IRQ_IPIS;
}

static enum ax_err register_locked(unsigned irq, irq_handler *handle, void *argument)
{
    if (find_row(irq, handle, argument) != NULL)
        return AX_EALREADY;
    struct row *row = find_free_row();
    if (row == NULL)
        return AX_ENOSPC;
    if (find_line(irq) == NULL) {
        enum ax_err err = current->enable(irq);
        if (err != AX_OK)
            return err;
        current->set_priority(irq, AXHAL_IRQ_PRIORITY_NORMAL);
    }
    add_row(row, irq, handle, argument);
    return AX_OK;
}

enum ax_err axhal_irq_register(unsigned irq, bool (*handle)(void *argument), void *argument)
{
    AX_KEEP(axplat_irq_drivers);
    if (current == NULL)
        return AX_ENODEV;
    if (irq > AXHAL_IRQ_NUMBER_MASK || is_ipi(irq))
        return AX_EINVAL;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    enum ax_err err = register_locked(irq, handle, argument);
    axsync_spin_unlock(&lock, state);
    return err;
}

enum ax_err axhal_irq_unregister(unsigned irq, bool (*handle)(void *argument), void *argument)
{
    AX_ASSERT(axcpu_this_cpu()->trap_depth == 0);
    if (current == NULL)
        return AX_ENOENT;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct row *row = find_row(irq, handle, argument);
    if (row != NULL) {
        atomic_store_explicit(&row->handle, NULL, memory_order_seq_cst); /* see run_row() */
        if (find_line(irq) == NULL)
            current->disable(irq);
    }
    axsync_spin_unlock(&lock, state);
    if (row == NULL)
        return AX_ENOENT;
    while (is_running(row)) /* without the lock: the handler may want it */
        axcpu_relax();
    return AX_OK;
}

enum change { ENABLE, DISABLE, SET_PRIORITY };

static enum ax_err change_line(unsigned irq, enum change change, unsigned priority)
{
    enum ax_err err = AX_OK;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct row *line = current != NULL ? find_line(irq) : NULL;
    if (line == NULL)
        err = AX_ENOENT;
    else if (change == DISABLE)
        current->disable(irq);
    else if (change == ENABLE)
        err = current->enable(irq);
    else
        current->set_priority(irq, priority);
    if (line != NULL)
        atomic_store_explicit(&line->ignored, 0, memory_order_relaxed); /* relaxed: a count */
    axsync_spin_unlock(&lock, state);
    return err;
}

enum ax_err axhal_irq_enable(unsigned irq)
{
    return change_line(irq, ENABLE, 0);
}

enum ax_err axhal_irq_disable(unsigned irq)
{
    return change_line(irq, DISABLE, 0);
}

enum ax_err axhal_irq_set_priority(unsigned irq, unsigned priority)
{
    if (priority >= AXHAL_IRQ_PRIORITIES)
        return AX_EINVAL;
    return change_line(irq, SET_PRIORITY, priority);
}

void axhal_irq_count(struct axhal_irq_counts *out)
{
    /* relaxed: each count for itself */
    out->handled = atomic_load_explicit(&counts.handled, memory_order_relaxed);
    out->unhandled = atomic_load_explicit(&counts.unhandled, memory_order_relaxed);
    out->spurious = atomic_load_explicit(&counts.spurious, memory_order_relaxed);
    out->masked = atomic_load_explicit(&counts.masked, memory_order_relaxed);
}

/* Call the row's handler, if it has one for this line. */
static bool run_row(struct row *row, unsigned irq)
{
    bool handled = false;
    /* sequentially consistent: before `handle` is read, see the file's head */
    atomic_fetch_add_explicit(&row->running, 1, memory_order_seq_cst);
    irq_handler *handle = handler_of(row);
    if (handle != NULL && is_of(row, irq))
        handled = handle(row->argument);
    /* release: what the handler did is done before axhal_irq_unregister() returns */
    atomic_fetch_sub_explicit(&row->running, 1, memory_order_release);
    return handled;
}

static bool run_line(unsigned irq)
{
    bool handled = false;
    for (struct row *row = rows; row < rows_end(); row++)
        if (is_of(row, irq) && run_row(row, irq))
            handled = true;
    return handled;
}

AX_COLD static void mask(unsigned irq, const char *why)
{
    count(&counts.masked);
    current->disable(irq);
    axlog_warn("interrupt %u %s: masked", irq, why);
}

/* A line that was nobody's, after it was completed. */
AX_COLD static void complain(unsigned irq)
{
    count(&counts.unhandled);
    struct row *line = find_line(irq);
    if (line == NULL) {
        mask(irq, "has no handler");
        return;
    }
    /* relaxed: a count */
    unsigned before = atomic_fetch_add_explicit(&line->ignored, 1, memory_order_relaxed);
    if (before == 0)
        axlog_warn("interrupt %u came, but is none of its handlers'", irq);
    if (before + 1 == AXHAL_IRQ_IGNORED_MAX)
        mask(irq, "comes again and again, but is none of its handlers'");
}

/* The line was somebody's: what was ignored before is forgiven. */
static void settle(unsigned irq)
{
    count(&counts.handled);
    struct row *line = find_line(irq);
    if (line != NULL)
        atomic_store_explicit(&line->ignored, 0, memory_order_relaxed); /* relaxed: a count */
}

AX_COLD static void note_spurious(void)
{
    /* relaxed: a count */
    if (atomic_fetch_add_explicit(&counts.spurious, 1, memory_order_relaxed) == 0)
        axlog_debug("a spurious interrupt: the controller took it back");
}

void axhal_irq_dispatch(void)
{
    int claim = current != NULL ? current->claim() : AXHAL_IRQ_NONE;
    if (claim == AXHAL_IRQ_NONE) {
        note_spurious();
        return;
    }
    unsigned irq = (unsigned)claim & AXHAL_IRQ_NUMBER_MASK;
    if (is_ipi(irq)) {
        current->complete(claim); /* before: what it asks for may never return */
        axhal_trap_interrupt(AXCPU_TRAP_IPI);
        return;
    }
    bool handled = run_line(irq);
    current->complete(claim);
    if (handled)
        settle(irq);
    else
        complain(irq);
}
