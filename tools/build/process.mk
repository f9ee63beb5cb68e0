# One process of this machine: the app, the platform linux-host and the modules that they depend on.

$(call need,$(if $(QEMU_ARGS),,y),QEMU_ARGS does nothing on PLATFORM=$(platform-name)$(,) which is no QEMU: leave it out)
$(foreach v,DISK INITRD,$(call need,$(if $($v),,y),$v= does nothing on PLATFORM=$(platform-name)$(,) which is no QEMU: leave it out))
$(call need,$(filter sbi,$(BOOT)),BOOT=$(BOOT) does nothing on PLATFORM=$(platform-name)$(,) which is no QEMU: leave it out)
$(call need,$(filter 1,$(SMP)),SMP=$(SMP) does nothing on PLATFORM=$(platform-name)$(,) whose processes have one CPU: leave it out)

platform-variables := deps srcs srcs-cold srcs-nolto cflags
$(call read,platform,$(platform-dir)/platform.mk,$(platform-variables))
$(call unit,platform,$(platform-dir),$(kernel-flags) $(call name-flag,$(platform-name)) $(cflags.platform) $(call include-path,$(call closure,$(deps.platform))))
$(call compile,platform,$(srcs.platform) $(srcs-cold.platform))

# The process has a main() of its own, in axruntime, so the app's gets another name.
app-unit := apps/$(app-name)
$(call read,app,$(app-dir)/app.mk,deps srcs cflags floating-point)
app-closure := $(call closure,$(deps.app))
app-options := $(if $(wildcard $(app-dir)/Kconfig),-I$(B)/gen/$(app-name))
$(call unit,$(app-unit),$(app-dir),$(app-flags) -Dmain=axruntime_app_main $(call name-flag,$(app-name)) $(cflags.app) $(call include-path,$(app-closure)) $(app-options))
$(call compile,$(app-unit),$(srcs.app))
$(call need,$(if $(filter axtest,$(app-closure)),,y),app $(app-name) tests a machine and cannot be a process: take a PLATFORM that QEMU runs)

# What modules have for a process besides.
process-modules := $(call closure,$(app-closure) $(deps.platform) axruntime)
define process-unit
$(call unit,$1/process,modules/$1,$(hosted-flags) $(call name-flag,$1) $(call include-path,$(closure.$1)))
$(call compile,$1/process,$(process-srcs.$1))
endef
$(foreach m,$(process-modules),$(if $(process-srcs.$m),$(call process-unit,$m)))

process-units := $(foreach m,$(process-modules),$(if $(process-srcs.$m),$m/process)) platform $(app-unit)
process-objects := $(foreach u,$(process-units),$(call objects,$u))
# Of the modules only what is used: the rest needs a machine.
module-objects := $(foreach m,$(process-modules),$(call objects,$m))
process := $(B)/apps/$(app-name)/$(app-name)
$(call stamp,$(process).link,$(CC) $(isa-flags) $(process-objects) $(module-objects))
$(process): $(process-objects) $(module-objects) $(process).link
	$(call say,LD,$@)
	$(Q)rm -f $@.a && $(AR) rcsT $@.a $(module-objects)
	$(Q)$(CC) $(isa-flags) -g -Wl,--gc-sections -o $@ $(process-objects) $@.a

.PHONY: build flat image run debug
build: $(process)
	@:
flat image: $(process)
	@echo $<

mem-unit.K := 1024
mem-unit.M := 1048576
mem-unit.G := 1073741824
mem-bytes = $$(($(strip $(foreach u,K M G,$(if $(filter %$u,$(MEM)),$(MEM:%$u=%) * $(mem-unit.$u))))))
boot-arguments := $(strip $(if $(LOG),log=$(LOG)) $(ARGS))
quote = '$(subst ','\'',$1)'
process-command = $(process) $(mem-bytes) $(call quote,$(boot-arguments))
run: $(process)
	$(Q)timeout --foreground $(TIMEOUT) $(process-command)
debug: $(process)
	$(Q)gdb -q --args $(process-command)
