deps := axbase axalloc axlog axmm axruntime
srcs := main.c
