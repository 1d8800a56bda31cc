// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tunables: module parameters, device-tree properties, and the parameters' files in sysfs at run time.
 *
 * What a module parameter says wins over the device tree, and that over the default. The files of the parameters tell
 * what is in use.
 *
 * Locking: qtee_tuning_lock serializes changes and what they bring about. It is outside all locks of the pools.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/string.h>

#include "message.h"
#include "pool.h"
#include "tuning.h"

struct qtee_tuning qtee_tuning_values = {
#define X(name, value, ...) .name = value,
	QTEE_TUNABLES(X)
#undef X
};

/**
 * struct qtee_tunable - one of them
 * @name: the parameter's
 * @value: where it is
 * @least: smallest value
 * @most: largest value
 * @given: the module parameter was given
 */
struct qtee_tunable {
	const char *name;
	unsigned int *value;
	unsigned int least;
	unsigned int most;
	bool given;
};

static DEFINE_MUTEX(qtee_tuning_lock);
/* The pools are there, and a change has to reach them. */
static bool qtee_tuning_live;

static int qtee_tunable_set(struct qtee_tunable *tunable, unsigned int value)
{
	/* A buffer is whole pages. */
	if (strstr(tunable->name, "_kib"))
		value = ALIGN(value, QTEE_TUNING_PAGE_KIB);
	if (value < tunable->least || value > tunable->most)
		return -EINVAL;
	WRITE_ONCE(*tunable->value, value);
	return 0;
}

/* Invocations have a pair, and releases one of their own: there has to be memory for both. Returns 0 or -EINVAL. */
static int qtee_tuning_pairs_check(void)
{
	unsigned int pair = qtee_tuning(message_in_kib) + qtee_tuning(message_out_kib);

	if (qtee_tuning(pool_max_kib) / 2 < pair) {
		pr_err("pool_max_kib has to hold two pairs of message_in_kib and message_out_kib\n");
		return -EINVAL;
	}
	/* A pair is one block of memory. */
	if (pair > QTEE_TUNING_MSG_KIB) {
		pr_err("message_in_kib and message_out_kib are %u at most together\n",
		       (unsigned int)QTEE_TUNING_MSG_KIB);
		return -EINVAL;
	}
	return 0;
}

static int qtee_tuning_param_set(const char *text, const struct kernel_param *param)
{
	struct qtee_tunable *tunable = param->arg;
	unsigned int value, before;
	int ret = kstrtouint(text, 0, &value);

	if (ret)
		return ret;
	guard(mutex)(&qtee_tuning_lock);
	before = *tunable->value;
	ret = qtee_tunable_set(tunable, value);
	if (ret) {
		pr_err("%s=%s: it goes from %u to %u\n", tunable->name, strim((char *)text), tunable->least,
		       tunable->most);
		return ret;
	}
	if (qtee_tuning_live && qtee_tuning_pairs_check()) {
		WRITE_ONCE(*tunable->value, before);
		return -EINVAL;
	}
	tunable->given = true;
	if (qtee_tuning_live)
		qtee_message_retune();
	return 0;
}

static int qtee_tuning_param_get(char *buf, const struct kernel_param *param)
{
	struct qtee_tunable *tunable = param->arg;

	return scnprintf(buf, PAGE_SIZE, "%u\n", READ_ONCE(*tunable->value));
}

static const struct kernel_param_ops qtee_tuning_param_ops = {
	.set = qtee_tuning_param_set,
	.get = qtee_tuning_param_get,
};

#define X(tunable, value_, least_, most_, mode, what) \
static struct qtee_tunable qtee_tunable_##tunable = { \
	.name = #tunable, \
	.value = &qtee_tuning_values.tunable, \
	.least = least_, \
	.most = most_, \
}; \
module_param_cb(tunable, &qtee_tuning_param_ops, &qtee_tunable_##tunable, mode); \
MODULE_PARM_DESC(tunable, what);
QTEE_TUNABLES(X)
#undef X

static struct qtee_tunable *const qtee_tunables[] = {
#define X(name, ...) &qtee_tunable_##name,
	QTEE_TUNABLES(X)
#undef X
};

static unsigned int classes_kib[QTEE_TUNING_CLASSES] = { 128, 256, 512, 1024, 2048, 4096 };
static unsigned int classes_kib_count = 6;
module_param_array(classes_kib, uint, &classes_kib_count, 0444);
MODULE_PARM_DESC(classes_kib, "Sizes of inbound buffers for larger messages, in KiB, ascending; the last is made 4096 (default 128,256,512,1024,2048,4096)");

static unsigned int classes_max[QTEE_TUNING_CLASSES] = { 4, 4, 4, 4, 4, 4, 4, 4 };
static unsigned int classes_max_count = 6;
module_param_array(classes_max, uint, &classes_max_count, 0444);
MODULE_PARM_DESC(classes_max, "How many buffers of each size there may be (default 4 each)");

/* Whether they were given can't be told by their counts, which have defaults. */
static bool qtee_tuning_classes_given(void)
{
	static const unsigned int defaults[] = { 128, 256, 512, 1024, 2048, 4096 };

	return classes_kib_count != ARRAY_SIZE(defaults) || memcmp(classes_kib, defaults, sizeof(defaults));
}

static bool qtee_tuning_classes_max_given(void)
{
	static const unsigned int defaults[] = { 4, 4, 4, 4, 4, 4 };

	return classes_max_count != ARRAY_SIZE(defaults) || memcmp(classes_max, defaults, sizeof(defaults));
}

/* The size classes. Returns how many. */
unsigned int qtee_tuning_classes(struct qtee_tuning_class classes[QTEE_TUNING_CLASSES])
{
	unsigned int i;

	for (i = 0; i < classes_kib_count; i++) {
		classes[i].kib = classes_kib[i];
		classes[i].max = classes_max[i];
	}
	return classes_kib_count;
}

/* Sizes are whole pages and ascend, and any message fits the last one; the memory does for an invocation. */
static int qtee_tuning_check(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < classes_kib_count; i++) {
		classes_kib[i] = ALIGN(classes_kib[i], QTEE_TUNING_PAGE_KIB);
		if (!classes_kib[i] || classes_kib[i] > QTEE_TUNING_MSG_KIB ||
		    (i && classes_kib[i] <= classes_kib[i - 1]) ||
		    !classes_max[i] || classes_max[i] > QTEE_TUNING_CLASS_MAX) {
			dev_err(dev, "classes_kib ascends, from a page to 4096; classes_max goes from 1 to %u\n",
				QTEE_TUNING_CLASS_MAX);
			return -EINVAL;
		}
	}
	classes_kib[classes_kib_count - 1] = QTEE_TUNING_MSG_KIB;

	return qtee_tuning_pairs_check();
}

/* Properties of the node; see docs/devicetree/qcom,qtee.yaml. Returns 0 or -EINVAL for one that makes no sense. */
static int qtee_tuning_of(struct device *dev, const struct device_node *node)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(qtee_tunables); i++) {
		struct qtee_tunable *tunable = qtee_tunables[i];
		char property[48];
		u32 value;

		scnprintf(property, sizeof(property), "qcom,%s", tunable->name);
		strreplace(property, '_', '-');
		if (tunable->given || of_property_read_u32(node, property, &value))
			continue;
		ret = qtee_tunable_set(tunable, value);
		if (ret) {
			dev_err(dev, "%s is %u: it goes from %u to %u\n", property, value, tunable->least,
				tunable->most);
			return ret;
		}
	}

	if (!qtee_tuning_classes_given()) {
		ret = of_property_read_variable_u32_array(node, "qcom,classes-kib", classes_kib, 1,
							  QTEE_TUNING_CLASSES);
		if (ret > 0)
			classes_kib_count = ret;
	}
	if (!qtee_tuning_classes_max_given()) {
		ret = of_property_read_variable_u32_array(node, "qcom,classes-max", classes_max, 1,
							  QTEE_TUNING_CLASSES);
		if (ret > 0)
			classes_max_count = ret;
	}
	return 0;
}

/*
 * Has all values decided, before anything is made by them. Returns 0 or -EINVAL.
 */
int qtee_tuning_init(struct device *dev)
{
	struct device_node *node = of_node_get(dev->of_node) ?: of_find_compatible_node(NULL, NULL, "qcom,qtee");
	int ret;

	guard(mutex)(&qtee_tuning_lock);
	ret = node ? qtee_tuning_of(dev, node) : 0;
	of_node_put(node);
	return ret ?: qtee_tuning_check(dev);
}

/* From now on changes reach the pools. */
void qtee_tuning_start(void)
{
	guard(mutex)(&qtee_tuning_lock);
	qtee_tuning_live = true;
}

void qtee_tuning_exit(void)
{
	guard(mutex)(&qtee_tuning_lock);
	qtee_tuning_live = false;
}
