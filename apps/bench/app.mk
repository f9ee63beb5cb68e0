deps := axbase axcpu axlog axalloc axruntime
srcs := main.c core.c facade.c
# The workloads are those of the programs that run on the build machine.
cflags := -Imodules/axalloc/bench
