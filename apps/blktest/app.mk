# Disks: what is read is what was written, errors surface, and what a request costs.
deps := axbase axcpu axlog axhal axalloc axdriver axruntime
srcs := main.c work.c rate.c faults.c instructions-$(ISA).c
