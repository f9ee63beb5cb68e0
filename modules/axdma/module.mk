# axdma: memory that a device and the CPU both see.
deps := axbase axcpu axsync axlog axhal axalloc axmm
srcs := src/address.c src/reach.c src/memory.c src/small.c src/coherent.c src/pool.c src/stream.c src/list.c
srcs-cold := src/device.c src/tree.c src/place.c src/pages.c src/runs.c src/lent.c
test-deps := axtest
target-tests := tests/target/suite.c
