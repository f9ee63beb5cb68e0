# axdma: memory that a device and the CPU both see.
deps := axbase axcpu axsync axlog axhal axalloc axmm
srcs := src/address.c src/coherent.c src/small.c
test-deps := axtest
target-tests := tests/target/suite.c
