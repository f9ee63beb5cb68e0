deps := axbase axcpu axlog axhal axalloc axruntime
srcs := main.c flush.c interrupts.c
