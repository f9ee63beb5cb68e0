# axdriver: devices that are found in the tree after boot, and what drives them.
deps := axbase axcpu axsync axlog axhal axalloc axmm axdma
srcs := src/chacha.c src/generator.c src/queue.c src/random.c src/ring.c src/wait.c
srcs-cold := src/start.c src/virtio.c
srcs += src/virtio_console.c src/virtio_mmio.c src/virtio_rng.c
srcs += src/block.c src/virtio_blk.c src/sifive_pdma.c
srcs-cold += src/pci_bars.c src/pci_config.c src/pci_host.c src/pci_scan.c src/pci_windows.c src/virtio_pci.c
test-deps := axtest
host-tests := test_generator test_ring test_virtio
host-tests += test_pci
fuzzers := ring virtio
target-tests := tests/target/suite.c
