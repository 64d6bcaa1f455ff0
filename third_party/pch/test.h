#ifndef GATEHOUSE_THIRD_PARTY_PCH_TEST_H_
#define GATEHOUSE_THIRD_PARTY_PCH_TEST_H_

// What tests include besides: GoogleMock's headers are the costliest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#endif  // GATEHOUSE_THIRD_PARTY_PCH_TEST_H_
