# axtest: the on-target test registry, and on the host the ports that axbase leaves open.
deps := axbase
srcs-cold := src/run.c
host-support := host/panic.c host/write.c
# What fuzzers share: <fuzz_require.h>.
includes := $(if $(filter host,$(ISA)),fuzz)
