deps := axbase axcpu axlog axhal axalloc axmm axruntime
srcs := main.c worker.c memory.c tables.c
