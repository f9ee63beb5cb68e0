# Depending on axtest brings every module's suite into the image.
deps := axlog axruntime axtest
srcs := main.c
