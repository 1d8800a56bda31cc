/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The buckets of latency histograms, for BPF programs and for those who read them: 8 linear steps in each power of two,
 * from 32 ns to 550 s, so that what is said of a time is right within 12.5 %. What is beyond is in the last one.
 */
#ifndef QTEE_BPF_HISTOGRAM_H
#define QTEE_BPF_HISTOGRAM_H

#define QTEE_BUCKET_UNIT_SHIFT 5 /* of 32 ns */
#define QTEE_BUCKET_STEP_SHIFT 3
#define QTEE_BUCKETS 256

/* The bucket of a time in ns. */
static inline __attribute__((always_inline)) unsigned int qtee_bucket(unsigned long long ns)
{
	unsigned long long value = ns >> QTEE_BUCKET_UNIT_SHIFT;
	unsigned int power = 0, half;

	if (value < 1 << QTEE_BUCKET_STEP_SHIFT)
		return value;
	if (value >> 34)
		return QTEE_BUCKETS - 1;
	/* BPF has no instruction for it. The upper half is taken where it is not 0, without a branch: the verifier follows each. */
	half = (0xffffffffull - value) >> 63 << 5;
	power += half;
	value >>= half;
	half = (0xffffull - value) >> 63 << 4;
	power += half;
	value >>= half;
	half = (0xffull - value) >> 63 << 3;
	power += half;
	value >>= half;
	half = (0xfull - value) >> 63 << 2;
	power += half;
	value >>= half;
	half = (0x3ull - value) >> 63 << 1;
	power += half;
	value >>= half;
	power += value >> 1;
	return ((power - 2) << QTEE_BUCKET_STEP_SHIFT) +
	       ((ns >> (QTEE_BUCKET_UNIT_SHIFT + power - QTEE_BUCKET_STEP_SHIFT)) & ((1 << QTEE_BUCKET_STEP_SHIFT) - 1));
}

#endif /* QTEE_BPF_HISTOGRAM_H */
