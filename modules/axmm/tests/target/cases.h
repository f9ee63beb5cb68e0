/* The cases of the other files, for the suite; and what several of its files use. */
#pragma once

#include <axbase/addr.h>
#include <axtest/test.h>
#include <stdbool.h>
#include <stddef.h>

/* Flags of whatever maps the address now; 0: nothing does. */
unsigned flags_at(const void *address);

/* A read of the word there faults or not. */
bool is_readable(const void *address);

void test_scattered_frames(struct axtest *test);
void test_mapped_buffers(struct axtest *test);
void test_large_mapping(struct axtest *test);
void test_guards(struct axtest *test);
void test_remap(struct axtest *test);
void test_impossible_mappings(struct axtest *test);
void test_stacks(struct axtest *test);
void test_code(struct axtest *test);
void test_code_resized(struct axtest *test);
void test_out_of_memory(struct axtest *test);
void test_check_finds(struct axtest *test);
void test_device(struct axtest *test);
void test_dump(struct axtest *test);
void test_others_forget(struct axtest *test);
void test_used_while_changed(struct axtest *test);
void test_code_is_fetched_anew(struct axtest *test);
void test_caches_change_nothing(struct axtest *test);
void test_together(struct axtest *test);
void test_out_of_tables(struct axtest *test);
