// What is said of a model's objective, and of what is shown.

import { count, nats } from "./words.js";

export const WITHOUT_KL = "An autoencoder gives each example one code and no q(z | x): there is no KL, and no β to slide. Its loss is the reconstruction loss.";

const WEIGHTS = {
  capacity: "This objective holds the KL at a capacity instead of weighting it: no β was trained with.",
  "free-bits": "This objective counts each dimension's KL from λ on instead of weighting it: no β was trained with.",
  iwae: "IWAE trains a tighter bound than −ELBO (Burda et al. 2016): no β was trained with.",
  "beta-tcvae": "The β of a β-TCVAE weights the total correlation alone; the KL itself has the weight 1.",
  "dip-vae": "DIP-VAE's own terms have weights of their own; the KL itself has the weight 1.",
  "info-vae": "InfoVAE keeps 1 − α of the KL: that is the weight marked here.",
};

/** What β slides, and what it leaves out. */
export function ofBeta({ objective }) {
  const plain = "total(β) = reconstruction loss + β · KL, at β = 1 −ELBO.";
  const weight = WEIGHTS[objective.name];
  return weight ? `${plain} ${weight} Other terms of this objective are not in it.` : `${plain} The mark is the β of the training.`;
}

export function ofExample({ label, name, is_held_out }, { is_mean }, data) {
  const parts = [label && `Label ${label}`, name, is_held_out ? "held out from training" : "a training example"].filter(Boolean);
  if (is_mean) parts.push("ε = 0: z is the mean of q(z | x), which training never uses");
  if (data.is_binarised) parts.push("every pixel drawn as 0 or 1 by its grey value, as in training");
  return parts.join(" · ");
}

/** Captions of original, reconstruction and loss. */
export function ofNature({ is_mean }, { draws, is_deterministic, objective }) {
  const drawn = is_mean ? " of the mean of q(z | x)" : draws > 1 ? `, mean over ${draws} samples of z` : is_deterministic ? " of the code" : " of the z that was drawn";
  return [objective.name === "denoising" ? "Original (the encoder sees it damaged)" : "Original", `Reconstruction${drawn}`, "Loss of each pixel"];
}

/** What the terms are reckoned of. */
export function ofTerms({ batch, draws, warm_up, kl_weight, is_deterministic }, terms, negativeElbo) {
  const told = [];
  const isPlain = terms.length === 1 && kl_weight === 1;
  if (isPlain) told.push("This loss is −ELBO (Kingma & Welling 2014, eq. 3), z drawn once.");
  else if (!is_deterministic) told.push(`−ELBO, with the KL at the weight 1 and no other terms, is ${nats(negativeElbo)}.`);
  if (draws > 1) told.push(`Every number is the mean over K = ${draws} samples of z.`);
  if (batch > 1) told.push(`Some terms are those of a whole batch: here of this example and ${count(batch - 1, "other")}.`);
  if (warm_up < 1) told.push(`At this point of the training the warm-up gave the terms the weight ${nats(warm_up)}.`);
  return told.join(" ");
}

export function ofKL({ is_exact }) {
  return is_exact ? "." : ", estimated at the z that was drawn: the prior is learnt, and a share may be below 0.";
}
