/* Hides instruction sets from a process: LD_PRELOAD this library with HIDE=1 (integer dot products:
   VNNI and AMX) or HIDE=2 (AVX512 as well). Linux on x86 processors with CPUID faulting: CPUID then
   raises SIGSEGV, and the handler answers it without the bits of these instructions. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define BIT(n) (1u << (n))

static int level;

static void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t *r) {
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
  __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(subleaf));
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
}

static void answer(int number, siginfo_t *info, void *context) {
  greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)g[REG_RIP];
  (void)info;
  if (code[0] != 0x0f || code[1] != 0xa2) { /* not CPUID: a real fault */
    signal(number, SIG_DFL);
    return;
  }
  uint32_t r[4], leaf = g[REG_RAX], subleaf = g[REG_RCX];
  cpuid(leaf, subleaf, r);
  if (leaf == 7 && subleaf == 0) {
    r[2] &= ~BIT(11);                           /* AVX512_VNNI */
    r[3] &= ~(BIT(22) | BIT(24) | BIT(25));     /* AMX */
    if (level > 1) {
      r[1] &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31)); /* F DQ IFMA CD BW VL */
      r[2] &= ~(BIT(1) | BIT(6) | BIT(12) | BIT(14));                       /* VBMI BITALG … */
    }
  }
  if (leaf == 7 && subleaf == 1) {
    r[0] &= ~(BIT(4) | BIT(5));                        /* AVX_VNNI, AVX512_BF16 */
    r[3] &= ~(BIT(4) | BIT(5) | BIT(10) | BIT(19));    /* AVX_VNNI_INT8 … AVX10 */
  }
  g[REG_RAX] = r[0], g[REG_RBX] = r[1], g[REG_RCX] = r[2], g[REG_RDX] = r[3];
  g[REG_RIP] += 2;
}

__attribute__((constructor)) static void start(void) {
  const char *hide = getenv("HIDE");
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
  if (!hide) return;
  level = atoi(hide);
  sigaction(SIGSEGV, &action, NULL);
  if (syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0)) {
    perror("CPUID faulting");
    exit(3);
  }
}
