/* What addresses of the mapped window are, for axhal's fault reports. */
#pragma once

/* From now on reports ask. Whoever maps something there says so first; again does no harm. */
void describe_mapped_addresses(void);
