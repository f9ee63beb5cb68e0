# axdriver: devices that are found in the tree after boot, and what drives them.
deps := axbase axcpu axsync axlog axhal axalloc axmm axdma
srcs := src/chacha.c src/generator.c src/queue.c src/ring.c
srcs-cold := src/start.c src/virtio.c
test-deps := axtest
host-tests := test_generator test_ring
