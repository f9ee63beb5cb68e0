deps := axbase axcpu axhal axalloc axlog axmm axruntime
srcs := main.c heap.c mapped.c together.c
