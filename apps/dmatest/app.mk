deps := axbase axcpu axlog axhal axalloc axdma axdriver axruntime
srcs := main.c endpoint.c pieces.c misuse.c copier.c
