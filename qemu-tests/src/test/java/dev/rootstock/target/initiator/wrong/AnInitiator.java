// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator.wrong;

/** Breaks a rule of ModuleArrowsTest when it is used. */
public final class AnInitiator {}
