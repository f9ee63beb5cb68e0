deps := axbase axcpu axlog axhal axalloc axruntime
srcs := main.c core.c facade.c cpus.c
# The workloads are those of the programs that run on the build machine, and so is what "core" means.
cflags := -Imodules/axalloc/bench -Imodules/axalloc/bench/$(if $(CONFIG_AXALLOC_CACHES),cached,axle)
