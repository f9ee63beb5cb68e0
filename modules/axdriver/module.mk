# axdriver: devices that are found in the tree after boot, and what drives them.
deps := axbase axcpu axsync axlog axhal axalloc axmm axdma
srcs := src/chacha.c src/generator.c src/queue.c src/random.c src/ring.c src/wait.c
srcs-cold := src/start.c src/virtio.c
srcs += src/virtio_console.c src/virtio_mmio.c src/virtio_rng.c
test-deps := axtest
host-tests := test_generator test_ring
fuzzers := ring
target-tests := tests/target/suite.c
