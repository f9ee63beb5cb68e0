deps := axbase axlog axhal axalloc axruntime
srcs := main.c map.c map_test.c block_tests.c page_tests.c fill_test.c
