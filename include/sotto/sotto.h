/* sotto.h - all public headers. */
#ifndef SOTTO_SOTTO_H
#define SOTTO_SOTTO_H

#include <sotto/buf.h>
#include <sotto/crypto.h>
#include <sotto/error.h>
#include <sotto/mls.h>
#include <sotto/version.h>
#include <sotto/view.h>

#endif
