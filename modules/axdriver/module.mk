# axdriver: devices that are found in the tree after boot, and what drives them.
deps := axbase axcpu axsync axlog axhal axalloc axmm axdma
srcs := src/chacha.c src/generator.c src/queue.c src/random.c src/ring.c src/wait.c
srcs-cold := src/start.c src/virtio.c
srcs-cold += src/virtio_console.c src/virtio_mmio.c src/virtio_rng.c
srcs-cold += src/display.c src/videocore.c src/videocore_message.c
srcs += src/block.c src/virtio_blk.c src/sifive_pdma.c src/sdhci.c
srcs-cold += src/sd_card.c src/sdhci_host.c
srcs-cold += src/pci_bars.c src/pci_bridge.c src/pci_config.c src/pci_host.c src/pci_scan.c src/pci_windows.c src/virtio_pci.c
test-deps := axtest
host-tests := test_generator test_ring test_virtio test_drivers
host-tests += test_display test_pci test_sd_card test_videocore_message test_virtio_blk test_virtio_pci
host-wraps += $(addprefix test_display:,axdriver_videocore_ask axmm_map_device axmm_unmap_device)
fuzzers := ring virtio
target-tests := tests/target/suite.c
