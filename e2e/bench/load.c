// SPDX-License-Identifier: Apache-2.0
/*
 * Loads for the benchmark, and the stop watch. Costs are CPU time of the load itself, kernel included: on a machine that others use,
 * wall time tells of the others. All figures are per call.
 *
 *   load exec COUNT PROGRAM          CPU and wall nanoseconds of fork, exec and wait
 *   load exec-flood SECONDS PROGRAM  executes it as often as it can; how often
 *   load exec-paced PER_SECOND SECONDS PROGRAM   in bursts a millisecond apart; how often
 *   load getppid COUNT               CPU nanoseconds
 *   load pwrite COUNT FILE           CPU nanoseconds
 *   load flood SECONDS FILE          writes as fast as it can; how many
 *   load paced PER_SECOND SECONDS FILE   writes in bursts a millisecond apart; how many
 *   load await EXPORT FILE AGENT     writes to FILE until EXPORT tells of it, or the process AGENT is gone
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NANOS 1000000000L
#define PATIENCE_SECONDS 60

static void fail(const char *what, const char *on)
{
	fprintf(stderr, "load: %s %s: %s\n", what, on, strerror(errno));
	exit(1);
}

static long nanos(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NANOS + now.tv_nsec;
}

static void pause_nanos(long time)
{
	struct timespec pause = {.tv_sec = time / NANOS, .tv_nsec = time % NANOS};

	nanosleep(&pause, NULL);
}

static int open_for_writing(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		fail("open", file);
	return fd;
}

static void write_byte(int fd, const char *file)
{
	if (pwrite(fd, "x", 1, 0) != 1)
		fail("write", file);
}

static long cpu_of_self_and_children(void)
{
	struct rusage children;

	getrusage(RUSAGE_CHILDREN, &children);
	return nanos(CLOCK_PROCESS_CPUTIME_ID) + (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * NANOS +
	       (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000L;
}

static void run(char *program)
{
	char *arguments[] = {program, NULL};
	pid_t child = fork();
	int status;

	if (child == 0) {
		execv(program, arguments);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		fail("run", program);
}

static void exec_and_wait(long count, char *program)
{
	long cpu = cpu_of_self_and_children(), wall = nanos(CLOCK_MONOTONIC);

	for (long i = 0; i < count; i++)
		run(program);
	printf("%ld %ld\n", (cpu_of_self_and_children() - cpu) / count, (nanos(CLOCK_MONOTONIC) - wall) / count);
}

static void exec_for(long seconds, char *program)
{
	long end = nanos(CLOCK_MONOTONIC) + seconds * NANOS, done = 0;

	for (; nanos(CLOCK_MONOTONIC) < end; done++)
		run(program);
	printf("%ld\n", done);
}

static void exec_paced(long per_second, long seconds, char *program)
{
	long begin = nanos(CLOCK_MONOTONIC), done = 0, all = per_second * seconds;

	while (done < all) {
		long due = (nanos(CLOCK_MONOTONIC) - begin) / 1000 * per_second / 1000000;

		for (; done < due && done < all; done++)
			run(program);
		pause_nanos(NANOS / 1000);
	}
	printf("%ld\n", done);
}

static void call_getppid(long count)
{
	long cpu = nanos(CLOCK_PROCESS_CPUTIME_ID);

	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
	printf("%ld\n", (nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu) / count);
}

static void call_pwrite(long count, const char *file)
{
	int fd = open_for_writing(file);
	long cpu = nanos(CLOCK_PROCESS_CPUTIME_ID);

	for (long i = 0; i < count; i++)
		write_byte(fd, file);
	printf("%ld\n", (nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu) / count);
}

static void write_for(long seconds, const char *file)
{
	int fd = open_for_writing(file);
	long end = nanos(CLOCK_MONOTONIC) + seconds * NANOS, done = 0;

	while (nanos(CLOCK_MONOTONIC) < end)
		for (int i = 0; i < 1000; i++, done++)
			write_byte(fd, file);
	printf("%ld\n", done);
}

static void write_paced(long per_second, long seconds, const char *file)
{
	int fd = open_for_writing(file);
	long begin = nanos(CLOCK_MONOTONIC), done = 0, all = per_second * seconds;

	while (done < all) {
		long due = (nanos(CLOCK_MONOTONIC) - begin) / 1000 * per_second / 1000000;

		for (; done < due && done < all; done++)
			write_byte(fd, file);
		pause_nanos(NANOS / 1000);
	}
	printf("%ld\n", done);
}

static int tells_of_a_kprobe(const char *export)
{
	static char text[1 << 20];
	int fd = open(export, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	return strstr(text, "\"process_kprobe\"") != NULL;
}

static void await_event(const char *export, const char *file, pid_t agent)
{
	int fd = open_for_writing(file);
	long begin = nanos(CLOCK_MONOTONIC);

	while (!tells_of_a_kprobe(export)) {
		errno = ETIME;
		if (nanos(CLOCK_MONOTONIC) - begin > PATIENCE_SECONDS * NANOS || kill(agent, 0) < 0)
			fail("wait for an event in", export);
		write_byte(fd, file);
		pause_nanos(NANOS / 500);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "exec") && argc == 4)
		exec_and_wait(atol(argv[2]), argv[3]);
	else if (!strcmp(what, "exec-flood") && argc == 4)
		exec_for(atol(argv[2]), argv[3]);
	else if (!strcmp(what, "exec-paced") && argc == 5)
		exec_paced(atol(argv[2]), atol(argv[3]), argv[4]);
	else if (!strcmp(what, "getppid") && argc == 3)
		call_getppid(atol(argv[2]));
	else if (!strcmp(what, "pwrite") && argc == 4)
		call_pwrite(atol(argv[2]), argv[3]);
	else if (!strcmp(what, "flood") && argc == 4)
		write_for(atol(argv[2]), argv[3]);
	else if (!strcmp(what, "paced") && argc == 5)
		write_paced(atol(argv[2]), atol(argv[3]), argv[4]);
	else if (!strcmp(what, "await") && argc == 5)
		await_event(argv[2], argv[3], atoi(argv[4]));
	else {
		fprintf(stderr, "load: see the head of load.c\n");
		return 2;
	}
	return 0;
}
