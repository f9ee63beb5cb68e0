deps := axbase axcpu axlog axalloc axdma axruntime
srcs := main.c
