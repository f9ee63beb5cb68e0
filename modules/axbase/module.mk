# axbase: what every other module stands on; no dependencies.
srcs := src/bits.c
srcs-cold := src/assert.c src/console_sink.c src/err.c src/fmt.c
srcs-nolto := src/stack_protector.c
ifneq ($(ISA),host)
srcs-nolto += src/string.c
endif
test-deps := axtest
host-tests := test_addr test_assert test_bits test_err test_fmt test_layout test_list test_string
target-tests := tests/target/suite.c
