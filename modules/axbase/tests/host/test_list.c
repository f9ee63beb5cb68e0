/* The list: each operation, then a random run against an array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axbase/list.h>
#include <axtest/random.h>

enum { ITEMS = 16 };

/* The link is not the first field, so that AX_CONTAINER_OF has something to do. */
struct item {
    int number;
    struct ax_list link;
};

static struct ax_list head;
static struct item items[ITEMS];

static int start_empty(void **state)
{
    (void)state;
    ax_list_init(&head);
    for (int i = 0; i < ITEMS; i++)
        items[i].number = i;
    return 0;
}

static int number_of(const struct ax_list *link)
{
    return AX_CONTAINER_OF(link, struct item, link)->number;
}

/* The list holds just these, in this order, read both ways. */
static void assert_holds(const int *numbers, size_t count)
{
    const struct ax_list *forwards = head.next, *backwards = head.prev;
    for (size_t i = 0; i < count; i++) {
        assert_true(forwards != &head && backwards != &head);
        assert_int_equal(number_of(forwards), numbers[i]);
        assert_int_equal(number_of(backwards), numbers[count - 1 - i]);
        forwards = forwards->next;
        backwards = backwards->prev;
    }
    assert_true(forwards == &head && backwards == &head);
    assert_int_equal(ax_list_is_empty(&head), count == 0);
}

static void a_new_list_is_empty(void **state)
{
    (void)state;
    assert_holds(NULL, 0);
}

static void container_of_finds_the_element(void **state)
{
    (void)state;
    assert_ptr_equal(AX_CONTAINER_OF(&items[3].link, struct item, link), &items[3]);
}

static void insert_after_the_head_is_a_stack(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        ax_list_insert_after(&head, &items[i].link);
    assert_holds((const int[]){2, 1, 0}, 3);
}

static void insert_before_the_head_is_a_queue(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        ax_list_insert_before(&head, &items[i].link);
    assert_holds((const int[]){0, 1, 2}, 3);
}

static void insert_in_the_middle(void **state)
{
    insert_before_the_head_is_a_queue(state);
    ax_list_insert_after(&items[0].link, &items[7].link);
    ax_list_insert_before(&items[2].link, &items[8].link);
    assert_holds((const int[]){0, 7, 1, 8, 2}, 5);
}

static void remove_first_last_and_only(void **state)
{
    insert_before_the_head_is_a_queue(state);
    ax_list_remove(&items[0].link);
    assert_holds((const int[]){1, 2}, 2);
    ax_list_remove(&items[2].link);
    assert_holds((const int[]){1}, 1);
    ax_list_remove(&items[1].link);
    assert_holds(NULL, 0);
    ax_list_insert_after(&head, &items[1].link);
    assert_holds((const int[]){1}, 1);
}

/* An array that is edited like the list: items that are in are in `order`, others in none. */
struct model {
    int order[ITEMS];
    size_t count;
};

static size_t place_of(const struct model *model, int number)
{
    size_t place = 0;
    while (place < model->count && model->order[place] != number)
        place++;
    return place;
}

static void model_insert(struct model *model, size_t place, int number)
{
    memmove(&model->order[place + 1], &model->order[place],
            (model->count++ - place) * sizeof model->order[0]);
    model->order[place] = number;
}

static void model_remove(struct model *model, size_t place)
{
    memmove(&model->order[place], &model->order[place + 1],
            (--model->count - place) * sizeof model->order[0]);
}

/* Put `number` beside what stands at `place`, the head if nothing does. */
static void insert_beside(struct model *model, size_t place, int number, bool after)
{
    struct ax_list *position = place < model->count ? &items[model->order[place]].link : &head;
    if (!after) {
        ax_list_insert_before(position, &items[number].link);
        model_insert(model, place, number);
        return;
    }
    ax_list_insert_after(position, &items[number].link);
    model_insert(model, place < model->count ? place + 1 : 0, number);
}

static void a_random_run_like_an_array(void **state)
{
    struct model model = {.count = 0};
    uint64_t seed = 5;
    (void)state;
    for (unsigned step = 0; step < 50000; step++) {
        int number = (int)axtest_random_below(&seed, ITEMS);
        size_t place = place_of(&model, number);
        if (place < model.count) {
            ax_list_remove(&items[number].link);
            model_remove(&model, place);
        } else {
            size_t beside = (size_t)axtest_random_below(&seed, model.count + 1);
            insert_beside(&model, beside, number, axtest_random_below(&seed, 2) != 0);
        }
        assert_holds(model.order, model.count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_list_is_empty, start_empty),
        cmocka_unit_test_setup(container_of_finds_the_element, start_empty),
        cmocka_unit_test_setup(insert_after_the_head_is_a_stack, start_empty),
        cmocka_unit_test_setup(insert_before_the_head_is_a_queue, start_empty),
        cmocka_unit_test_setup(insert_in_the_middle, start_empty),
        cmocka_unit_test_setup(remove_first_last_and_only, start_empty),
        cmocka_unit_test_setup(a_random_run_like_an_array, start_empty),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
