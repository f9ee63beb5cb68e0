# How one source becomes one object.
#
# A unit is a set of sources that compile with the same flags: a module, the platform, an app, the
# tests of a module. Its flags are kept in a stamp, so that a changed flag compiles the unit again
# and nothing else. Headers, generated ones too, are followed by the compiler's own -MMD.

# $(call source,<folder>,<path in it, or absolute>): the path as seen from the root.
source = $(patsubst $(root)/%,%,$(abspath $(if $(filter /%,$2),$2,$1/$2)))
sources = $(foreach s,$2,$(call source,$1,$s))
# $(call objects,<unit>): the objects of all of its sources.
object = $(B)/obj/$1/$(patsubst /%,%,$(patsubst $(folder.$1)/%,%,$2)).o
objects = $(foreach s,$(sources.$1),$(call object,$1,$s))

# $(call unit,<unit>,<folder>,<flags>): declare a unit; its sources follow by compile.
define unit-definition
folder.$1 := $2
flags.$1 := $3
sources.$1 :=
special.$1 :=
units += $1
endef
unit = $(eval $(call unit-definition,$1,$(patsubst $(root)/%,%,$(abspath $2)),$3))

# $(call compile,<unit>,<sources>,<flags that only these get>)
define compile-rule
sources.$1 += $2
special.$1 += $(if $3,$2: $3;)
$(call object,$1,$2): $2 $(B)/obj/$1/flags
	$$(call say,$(if $(filter %.S,$2),AS,CC),$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(flags.$1) $3 $(call seed,$2) -MMD -MP -c -o $$@ $$<
endef
compile = $(foreach s,$(call sources,$(folder.$1),$2),$(eval $(call compile-rule,$1,$s,$3)))

# gcc names link-time-optimised code after a random number, unless it is given one.
seed = $(if $(lto),-frandom-seed=$1)

# The stamps, and the headers that each object was made from: included last, by the Makefile.
stamp-flags = $(call stamp,$(B)/obj/$1/flags,$(CC) $(flags.$1) in $(folder.$1) $(special.$1))
finish-units = $(foreach u,$(units),$(call stamp-flags,$u))
dependency-files = $(foreach u,$(units),$(patsubst %.o,%.d,$(call objects,$u)))

# compile_commands.json, for editors and for make check: every source of this configuration.
json = $(subst ",\",$(subst \,\\,$1))
compile-entry = {"directory": "$(root)", "file": "$2", "command": "$(call json,$(CC) $(flags.$1) -c $2)"}
compile-entries = $(foreach u,$(units),$(foreach s,$(sources.$u),$(call compile-entry,$u,$s)))
.PHONY: compile_commands.json
compile_commands.json: $(B)/compile_commands.json
	$(Q)cp $< $@
	@echo "$@, of $(B)"
$(B)/compile_commands.json: force
	$(file >$@,[$(subst } {,}$(,)$(newline){,$(strip $(compile-entries)))])
	@:
