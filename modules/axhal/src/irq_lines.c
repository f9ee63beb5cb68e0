/*
 * From an interrupt to its handlers, through a short table of them.
 *
 * The table is read by every CPU without a lock, in interrupts, and changed under one. A row is in
 * use while its `handle` is not NULL. To take one out, `handle` is cleared, and then waited until
 * no CPU is `running` it; since a CPU counts itself there before it reads `handle`, either it finds
 * NULL or it is waited for.
 *
 * A line whose handlers say that it is not theirs, too often in a row, is masked and named: it
 * would come again at once, and nothing else would run.
 *
 * Cost: some 5 instructions a row up to the last that was ever used, besides the controller's.
 */
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/percpu.h>
#include <axhal/platform.h>
#include <axlog/log.h>
#include <axsync/spinlock.h>
#include <stddef.h>

#include "irq_internal.h"

typedef bool irq_handler(void *argument);

struct row {
    _Atomic unsigned irq;
    _Atomic(irq_handler *) handle;
    void *argument;           /* written before `handle` */
    _Atomic unsigned running; /* CPUs that may be in the handler */
    _Atomic unsigned ignored; /* how often in a row the line was nobody's; of its first row */
};

static struct axsync_spinlock lock =
    AXSYNC_SPINLOCK_INIT(9, "interrupts"); /* who changes the table */
static struct row rows[AXHAL_IRQ_HANDLERS_MAX];
static _Atomic unsigned row_count; /* rows that were ever used */

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

static enum ax_err register_locked(unsigned irq, irq_handler *handle, void *argument)
{
    if (find_row(irq, handle, argument) != NULL)
        return AX_EALREADY;
    struct row *row = find_free_row();
    if (row == NULL)
        return AX_ENOSPC;
    bool is_first = find_line(irq) == NULL;
    add_row(row, irq, handle, argument); /* before: the line may raise at once, on another CPU */
    if (!is_first)
        return AX_OK;
    axhal_irq_chip->set_priority(irq, AXHAL_IRQ_PRIORITY_NORMAL);
    enum ax_err err = axhal_irq_chip->enable(irq);
    if (err != AX_OK)
        atomic_store_explicit(&row->handle, NULL, memory_order_seq_cst); /* see run_row() */
    return err;
}

enum ax_err axhal_irq_unregister(unsigned irq, bool (*handle)(void *argument), void *argument)
{
    AX_ASSERT(axcpu_this_cpu()->trap_depth == 0);
    if (axhal_irq_chip == NULL)
        return AX_ENOENT;
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    struct row *row = find_row(irq, handle, argument);
    if (row != NULL) {
        atomic_store_explicit(&row->handle, NULL, memory_order_seq_cst); /* see run_row() */
        if (find_line(irq) == NULL)
            axhal_irq_chip->disable(irq);
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
    struct row *line = axhal_irq_chip != NULL ? find_line(irq) : NULL;
    if (line == NULL)
        err = AX_ENOENT;
    else if (change == DISABLE)
        axhal_irq_chip->disable(irq);
    else if (change == ENABLE)
        err = axhal_irq_chip->enable(irq);
    else
        axhal_irq_chip->set_priority(irq, priority);
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

/*
 * Nobody's, though it has handlers. Now and then that is nothing: a handler that takes all there is
 * may have taken what the next interrupt was for. Masked if it goes on.
 */
AX_COLD static void note_ignored(struct row *line, unsigned irq)
{
    /* relaxed: a count */
    unsigned before = atomic_fetch_add_explicit(&line->ignored, 1, memory_order_relaxed);
    if (before == 0)
        axlog_debug("interrupt %u came, but is none of its handlers'", irq);
    if (before + 1 == AXHAL_IRQ_IGNORED_MAX)
        axhal_irq_mask(irq, "comes again and again, but is none of its handlers'");
}

/* What was ignored before is forgiven when one is handled. */
static enum axhal_irq_result run_line(unsigned irq)
{
    bool handled = false;
    struct row *line = NULL;
    for (struct row *row = rows; row < rows_end(); row++) {
        if (!is_of(row, irq) || handler_of(row) == NULL)
            continue;
        line = line != NULL ? line : row;
        handled = run_row(row, irq) || handled;
    }
    if (line == NULL)
        return AXHAL_IRQ_UNKNOWN;
    if (!handled)
        note_ignored(line, irq);
    else if (atomic_load_explicit(&line->ignored, memory_order_relaxed) != 0)
        atomic_store_explicit(&line->ignored, 0, memory_order_relaxed); /* relaxed: a count */
    return handled ? AXHAL_IRQ_HANDLED : AXHAL_IRQ_IGNORED;
}

/* Those of this CPU's own that handlers are registered for. */
static enum ax_err start_cpu_lines(void)
{
    enum ax_err err = AX_OK;
    for (struct row *row = rows; row < rows_end() && err == AX_OK; row++)
        if (handler_of(row) != NULL && row->irq < axhal_irq_chip->private_end)
            err = axhal_irq_chip->enable(row->irq);
    return err;
}

static const struct axhal_irq_lines functions = {run_line, start_cpu_lines};

enum ax_err axhal_irq_register(unsigned irq, bool (*handle)(void *argument), void *argument)
{
    AX_KEEP(axplat_irq_drivers);
    if (axhal_irq_chip == NULL)
        return AX_ENODEV;
    if (irq > AXHAL_IRQ_NUMBER_MASK || axhal_irq_is_ipi(irq))
        return AX_EINVAL;
    axhal_irq_use_lines(&functions);
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    enum ax_err err = register_locked(irq, handle, argument);
    axsync_spin_unlock(&lock, state);
    return err;
}
