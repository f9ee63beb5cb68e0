# The modules: reads every modules/<m>/module.mk.
#
# A module.mk sets some of these, with paths relative to its folder (absolute ones stay):
#   deps            modules it uses directly; their closure is its whole include path
#   srcs            its sources; may depend on $(ISA) and $(CONFIG_...)
#   srcs-cold       sources whose speed nobody notices (boot, printing, faults): -Os
#   srcs-nolto      sources that must stay out of link-time optimisation
#   includes        include folders besides include/ and arch/$(ISA)/include
#   cflags          flags of its own sources alone
#   wraps           functions f of which calls from other files go to __wrap_f in an image (ld --wrap)
#   test-deps       modules that its tests may use besides
#   target-tests    sources of its suite of the selftest app, `const struct axtest_suite <m>_suite`
#   host-tests      tests/host/<name>.c, a cmocka program each
#   host-support    hosted sources that its test programs, and those of modules above, may link
#   host-benches    bench/<name>.c, a program each for `make bench`
#   host-library    hosted sources which make of it a library for programs of this machine
#   process-srcs    hosted sources that an app which is a process of this machine has besides
#   fuzzers         fuzz/<name>.c, a libFuzzer program each
#   host-libs       what its test programs link besides: -lfdt
#   host-wraps      <test>:<function>: in that test program, calls of <function> from other files
#                   go to the test's __wrap_<function>, which may call __real_<function>

module-names := $(call names,modules/%/module.mk)
module-variables := deps srcs srcs-cold srcs-nolto includes cflags wraps test-deps target-tests \
    host-tests host-benches host-support host-library process-srcs fuzzers host-libs host-wraps

# $(call read,<name>,<file>,<variables>): include <file>, keep each variable as <variable>.<name>.
read = $(foreach v,$3,$(eval $v :=))$(eval include $2)$(foreach v,$3,$(eval $v.$1 := $($v)))
$(foreach m,$(module-names),$(call read,$m,modules/$m/module.mk,$(module-variables)))

# $(call closure,<modules>): them and all they depend on, each once.
closure = $(call close,$(sort $1),$(sort $1 $(foreach m,$1,$(call deps-of,$m))))
close = $(if $(filter-out $1,$2),$(call closure,$2),$1)
deps-of = $(if $(filter $1,$(module-names)),$(deps.$1),$(error unknown module $1$(,) wanted by $(wanted-by). Valid: $(module-names)))
wanted-by = $(or $(strip $(foreach m,$(module-names),$(if $(filter $1,$(deps.$m)),$m))),the app$(,) the platform or a test)
$(foreach m,$(module-names),$(eval closure.$m := $(call closure,$m)))

# $(call include-flags,<modules>): the include path that shows these modules and nothing else.
exported = $(wildcard modules/$1/include modules/$1/arch/$(ISA)/include) $(call sources,modules/$1,$(includes.$1)) \
    $(if $(wildcard modules/$1/Kconfig),$(B)/gen/$1)
include-flags = $(foreach m,$1,$(addprefix -I,$(call exported,$m)))
$(foreach m,$(module-names),$(eval include.$m := $(call include-flags,$m)))
include-path = $(foreach m,$1,$(include.$m))
name-flag = -DAX_MODULE='"$1"'

# $(call module,<m>): the unit of a module's own sources.
define module-unit
$(call unit,$1,modules/$1,$(kernel-flags) $(call name-flag,$1) $(cflags.$1) $(call include-path,$(closure.$1)))
$(call compile,$1,$(srcs.$1))
$(call compile,$1,$(srcs-cold.$1),$(cold))
$(call compile,$1,$(srcs-nolto.$1),$(nolto))
endef
$(foreach m,$(module-names),$(call module-unit,$m))
