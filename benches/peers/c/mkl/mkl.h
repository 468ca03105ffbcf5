// What RLtools calls of MKL, in place of MKL's own headers, which are apart from the library. The
// product is called by its address, for the library is loaded at run time: linked, its names would
// be those of every other BLAS in the program.

#ifndef PEERS_MKL_H
#define PEERS_MKL_H

enum CBLAS_LAYOUT { CblasRowMajor = 101, CblasColMajor = 102 };
enum CBLAS_TRANSPOSE { CblasNoTrans = 111, CblasTrans = 112, CblasConjTrans = 113 };
typedef unsigned short MKL_BF16;

static void (*cblas_sgemm)(CBLAS_LAYOUT layout, CBLAS_TRANSPOSE a_is, CBLAS_TRANSPOSE b_is, int m,
                           int n, int k, float alpha, const float *a, int lda, const float *b,
                           int ldb, float beta, float *c, int ldc);

#endif
