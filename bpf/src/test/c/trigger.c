// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Does to the kernel what its arguments say, one after the other, and prints what the kernel answered: a line "WORD RESULT" for each (-errno
 * where it refused). Words that open something make it "the descriptor" of the words after.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int descriptor = -1;

static long answer(long result)
{
	return result < 0 ? -errno : result;
}

static long opened(int fd)
{
	if (fd < 0)
		return -errno;
	descriptor = fd;
	return 0;
}

static long make_pipe(void)
{
	int ends[2];

	return pipe(ends) ? -errno : opened(ends[1]);
}

/* Goes down folders below the current one until a file there has a path of `bytes` bytes, and opens that. Names have `name` bytes. */
static long open_deep(const char *top, int name, size_t bytes)
{
	size_t length = strlen(top);
	char text[256];

	memset(text, 'n', sizeof(text));
	text[name] = 0;
	if (chdir(top))
		return -errno;
	while (length + 1 + name + 1 + 1 <= bytes && bytes - length > 200) {
		mkdir(text, 0700);
		if (chdir(text))
			return -errno;
		length += 1 + name;
	}
	memset(text, 'f', sizeof(text));
	text[bytes - length - 1] = 0;
	return opened(open(text, O_RDWR | O_CREAT, 0600));
}

/* A system call by the 32-bit gate, where numbers mean other calls. Pointers must fit in 32 bits. */
static long call_32(long number, const char *path)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result;

	strcpy(low, path);
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(low), "c"(low + 2048) : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

static void *nothing(void *unused)
{
	return unused;
}

static long run_threads(int count)
{
	for (int i = 0; i < count; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, nothing, NULL))
			return -errno;
		pthread_join(thread, NULL);
	}
	return 0;
}

static void *exit_later(void *code)
{
	usleep(50000);
	syscall(SYS_exit, (long)code);
	return NULL;
}

/* The first thread leaves with one code, the last with another. */
static void leave_by_threads(long first, long last)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_later, (void *)last);
	syscall(SYS_exit, first);
}

/* `lines` processes at once, each forks and executes `program` `count` times. */
static long storm(int lines, int count, const char *program)
{
	volatile int failures = 0; /* vfork */

	for (int line = 0; line < lines; line++) {
		if (fork())
			continue;
		for (int i = 0; i < count; i++) {
			pid_t child = vfork();
			int status;

			if (!child) {
				execl(program, "tiny", NULL);
				_exit(1);
			}
			waitpid(child, &status, 0);
			failures += status != 0;
		}
		_exit(failures != 0);
	}
	for (int status; wait(&status) > 0;)
		failures += status != 0;
	return failures;
}

/* `lines` processes at once; `run` is done by each and answers how often it failed. The answer is the number of lines that had a failure. */
static long crowd(int lines, long (*run)(int, const char *), int count, const char *word)
{
	long failed = 0;

	for (int line = 0; line < lines; line++)
		if (!fork())
			_exit(run(count, word) != 0);
	for (int status; wait(&status) > 0;)
		failed += status != 0;
	return failed;
}

static long call_often(int count, const char *number)
{
	long call = strtol(number, NULL, 0);

	for (int i = 0; i < count; i++)
		syscall(call, -1, -1, -1, -1, -1, -1);
	return 0;
}

static void *rmdir_once(void *path)
{
	rmdir(path);
	return NULL;
}

/* Each by a thread of its own. */
static long rmdir_by_threads(int count, const char *path)
{
	for (int i = 0; i < count; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, rmdir_once, (void *)path))
			return -errno;
		pthread_join(thread, NULL);
	}
	return 0;
}

static long rmdir_often(int count, const char *path)
{
	for (int i = 0; i < count; i++)
		rmdir(path);
	return 0;
}

/* Each write by a process of its own. Those fail that are not killed for it. */
static long write_and_die(int count, const char *file)
{
	int fd = open(file, O_WRONLY | O_APPEND), alive = 0;

	for (int i = 0; i < count; i++) {
		pid_t child = fork();
		int status;

		if (!child) {
			syscall(SYS_write, fd, "lost", 4);
			_exit(0);
		}
		waitpid(child, &status, 0);
		alive += !WIFSIGNALED(status);
	}
	return alive;
}

/* From here on this process and its children share one processor. */
static long one_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	return answer(sched_setaffinity(0, sizeof(set), &set));
}

static long write_number(const char *file, const char *number)
{
	int fd = open(file, O_WRONLY);
	long result = answer(write(fd, number, strlen(number)));

	close(fd);
	return result;
}

/* A process that begins its life in another cgroup, and whose first call is this one. The answer is its exit code, or 128 + the signal that ended it. */
static long first_call_in(const char *cgroup, long number)
{
	struct clone_args how = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	long child;
	int status;

	how.cgroup = open(cgroup, O_RDONLY | O_DIRECTORY);
	child = syscall(SYS_clone3, &how, sizeof(how));
	if (!child) {
		syscall(number);
		_exit(0);
	}
	if (child < 0)
		return -errno;
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the process may do: capability number `bit` goes out of the sets of `out` and into those of `in`; of each 1 is effective, 2 permitted, 4 inheritable. */
static long change_capability(int bit, int out, int in)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];
	__u32 *word = &sets[bit / 32].effective, mask = 1U << bit % 32;

	if (syscall(SYS_capget, &header, sets))
		return -errno;
	for (int set = 0; set < 3; set++) {
		if (out & 1 << set)
			word[set] &= ~mask;
		if (in & 1 << set)
			word[set] |= mask;
	}
	return answer(syscall(SYS_capset, &header, sets));
}

/* The rest of the words are for a child, which is the first process of a new pid namespace. */
static int fork_into_namespace(void)
{
	int status;
	pid_t child;

	if (unshare(CLONE_NEWPID))
		return 1;
	child = fork();
	if (!child)
		return 0;
	waitpid(child, &status, 0);
	exit(WEXITSTATUS(status));
}

static void fork_on(void)
{
	int status;
	pid_t child = fork();

	if (!child)
		return;
	waitpid(child, &status, 0);
	exit(WEXITSTATUS(status));
}

int main(int count, char **words)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 1; i < count; i++) {
		const char *word = words[i];
		long result = 0;
#define IS(name, parameters) (!strcmp(word, name) && i + (parameters) < count && (i += (parameters), 1))
#define TEXT(back) words[i - (back)]
#define NUMBER(back) strtol(words[i - (back)], NULL, 0)
		if (IS("open", 1))
			result = opened(open(TEXT(0), O_RDWR | O_CREAT, 0600));
		else if (IS("open-folder", 1))
			result = opened(open(TEXT(0), O_RDONLY | O_DIRECTORY));
		else if (IS("open-deep", 3))
			result = open_deep(TEXT(2), NUMBER(1), NUMBER(0));
		else if (IS("pipe", 0))
			result = make_pipe();
		else if (IS("socket", 0))
			result = opened(socket(AF_INET, SOCK_STREAM, 0));
		else if (IS("eventfd", 0))
			result = opened(eventfd(0, 0));
		else if (IS("memfd", 1))
			result = opened(memfd_create(TEXT(0), 0));
		else if (IS("descriptor", 1))
			result = descriptor = NUMBER(0);
		else if (IS("inode", 0)) {
			struct stat status;

			result = fstat(descriptor, &status) ? -errno : (long)status.st_ino;
		} else if (IS("fsync", 0))
			result = answer(fsync(descriptor));
		else if (IS("write", 1))
			result = answer(write(descriptor, TEXT(0), strlen(TEXT(0))));
		else if (IS("lseek", 1))
			result = answer(syscall(SYS_lseek, -1, NUMBER(0), 0));
		else if (IS("rmdir", 1))
			result = answer(rmdir(TEXT(0)));
		else if (IS("rmdir-nowhere", 0))
			result = answer(syscall(SYS_rmdir, 8));
		else if (IS("unlink", 1))
			result = answer(unlink(TEXT(0)));
		else if (IS("mkdir", 1))
			result = answer(mkdir(TEXT(0), 0700));
		else if (IS("rename", 2))
			result = answer(rename(TEXT(1), TEXT(0)));
		else if (IS("link", 2))
			result = answer(link(TEXT(1), TEXT(0)));
		else if (IS("symlink", 2))
			result = answer(symlink(TEXT(1), TEXT(0)));
		else if (IS("chmod", 2))
			result = answer(chmod(TEXT(1), NUMBER(0)));
		else if (IS("truncate", 2))
			result = answer(truncate(TEXT(1), NUMBER(0)));
		else if (IS("chdir", 1))
			result = answer(chdir(TEXT(0)));
		else if (IS("chroot", 1))
			result = chroot(TEXT(0)) || chdir("/") ? -errno : 0;
		else if (IS("own-mounts", 0))
			result = unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
		else if (IS("bind", 2))
			result = answer(mount(TEXT(1), TEXT(0), NULL, MS_BIND, NULL));
		else if (IS("tmpfs", 1))
			result = answer(mount("none", TEXT(0), "tmpfs", 0, NULL));
		else if (IS("rename-thread", 1))
			result = answer(prctl(PR_SET_NAME, TEXT(0)));
		else if (IS("getppid", 0))
			syscall(SYS_getppid);
		else if (IS("call", 1))
			result = answer(syscall(NUMBER(0), -1, -1, -1, -1, -1, -1));
		else if (IS("call-6", 1))
			result = answer(syscall(NUMBER(0), 101, 102, 103, 104, 105, 106));
		else if (IS("first-call-in", 2))
			result = first_call_in(TEXT(1), NUMBER(0));
		else if (IS("call-32", 2))
			result = call_32(NUMBER(1), TEXT(0));
		else if (IS("threads", 1))
			result = run_threads(NUMBER(0));
		else if (IS("leave-by-threads", 2))
			leave_by_threads(NUMBER(1), NUMBER(0));
		else if (IS("raise", 1))
			result = raise(NUMBER(0));
		else if (IS("ignore", 1))
			result = signal(NUMBER(0), SIG_IGN) == SIG_ERR ? -errno : 0;
		else if (IS("join", 1))
			result = write_number(TEXT(0), "0");
		else if (IS("storm", 3))
			result = storm(NUMBER(2), NUMBER(1), TEXT(0));
		else if (IS("one-processor", 0))
			result = one_processor();
		else if (IS("crowd-calls", 3))
			result = crowd(NUMBER(2), call_often, NUMBER(1), TEXT(0));
		else if (IS("rmdir-by-threads", 2))
			result = rmdir_by_threads(NUMBER(1), TEXT(0));
		else if (IS("crowd-rmdir", 3))
			result = crowd(NUMBER(2), rmdir_often, NUMBER(1), TEXT(0));
		else if (IS("crowd-writes", 3))
			result = crowd(NUMBER(2), write_and_die, NUMBER(1), TEXT(0));
		else if (IS("fork", 0))
			fork_on();
		else if (IS("unshare", 1))
			result = answer(unshare(NUMBER(0)));
		else if (IS("capability", 3))
			result = change_capability(NUMBER(2), NUMBER(1), NUMBER(0));
		else if (IS("exec", 1)) {
			execl(TEXT(0), TEXT(0), "getppid", NULL);
			return 127;
		} else if (IS("fork-namespace", 0))
			result = fork_into_namespace();
		else {
			fprintf(stderr, "trigger: %s: not a word, or too few after it\n", word);
			return 2;
		}
		printf("%s %ld\n", word, result);
	}
	return 0;
}
