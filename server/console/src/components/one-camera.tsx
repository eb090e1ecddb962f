/** The camera of a page's address with its newest picture, kept up to date; or that there is none such. */

import type { ComponentChildren } from "preact";
import * as api from "../api/endpoints";
import type { Camera } from "../api/models";
import { type Still, stills } from "../api/wall";
import { t } from "../text/i18n";
import { Empty } from "./empty";
import { Show, useLoad } from "./load";
import { useEvery, useReload } from "./reload";

const STILL_EVERY_MS = 10_000;

interface Props {
  gateway: string | undefined;
  id: string | undefined;
  /** Messages of the feed upon which the camera is asked for anew. */
  on: readonly string[];
  children: (camera: Camera, still: Still | undefined) => ComponentChildren;
}

export function OneCamera({ gateway, id, on, children }: Props) {
  const cameras = useLoad(api.cameras, "cameras");
  const pictures = useLoad(stills, "stills");
  useReload(cameras.reload, on);
  useEvery(pictures.reload, STILL_EVERY_MS);
  return (
    <Show of={cameras}>
      {(all) => {
        const camera = all.find((each) => each.gateway === gateway && each.id === id);
        if (camera !== undefined) return children(camera, pictures.value?.find((each) => each.gateway === gateway && each.camera === id));
        return (
          <Empty title={t("camera.gone")}>
            <a href="/wall">{t("camera.to_wall")}</a>
          </Empty>
        );
      }}
    </Show>
  );
}
