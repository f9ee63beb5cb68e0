# axruntime: the order in which everything starts, and how it ends.
deps := axbase axcpu axlog axhal axalloc axmm
srcs-cold := src/boot.c src/arguments.c src/banner.c src/panic.c
