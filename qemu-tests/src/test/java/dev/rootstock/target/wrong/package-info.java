// SPDX-License-Identifier: Apache-2.0
/** Classes that break a rule of ModuleArrowsTest. */
@org.jspecify.annotations.NullMarked
package dev.rootstock.target.wrong;
