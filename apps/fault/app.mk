deps := axbase axcpu axhal axalloc axlog axruntime
srcs := main.c heap.c
